/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/log.h"
#include "base/obj.h"
#include "config/options.h"

#define LOG_ROOM     "config"

#define FILE_MAX_LEN (1U << 20) /* a bundle of certificates has 250 KiB */

/*
 * A fingerprint of what stands in the files: where it is equal after they
 * were read again, nothing need start over.  It is made of the text, so that
 * a new option is in it without a line here.
 */
struct print {
	EVP_MD_CTX *md;
};

static void
print_init(struct print *p)
{
	p->md = EVP_MD_CTX_new();
	if (p->md == NULL || EVP_DigestInit_ex(p->md, EVP_sha256(), NULL) != 1)
		log_fatal("no SHA-256 can be made");
}

static void
print_add(struct print *p, const void *data, size_t len)
{
	if (EVP_DigestUpdate(p->md, &len, sizeof(len)) != 1 ||
	    EVP_DigestUpdate(p->md, data, len) != 1)
		log_fatal("no SHA-256 can be made");
}

static uint64_t
print_end(struct print *p)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	uint64_t out;

	if (EVP_DigestFinal_ex(p->md, digest, NULL) != 1)
		log_fatal("no SHA-256 can be made");
	EVP_MD_CTX_free(p->md);
	memcpy(&out, digest, sizeof(out));
	return out;
}

/* The content of a file that an option names, read only when the section
   starts over. */
static void
add_file(struct print *p, struct conf *c, const struct kf_entry *entry)
{
	struct buf path, text;
	size_t pos = 0;
	struct err e;

	buf_init(&path, KF_LINE_MAX);
	buf_init(&text, FILE_MAX_LEN);
	if (kf_word(entry, &pos, &path, NULL, NULL, c->faults) == 1 &&
	    conf__read_file(conf__path(c, path.p), &text, &e) == 0)
		print_add(p, text.p, text.len);
	if (text.cap > 0)
		explicit_bzero(text.p, text.cap);
	buf_fini(&path);
	buf_fini(&text);
}

static void
add_entry(struct print *p, struct conf *c, enum conf_kind kind,
    const struct kf_entry *entry)
{
	const struct option *o = option_find(kind, entry->key);

	if (o != NULL && o->reload != RELOAD_SECTION)
		return;
	print_add(p, entry->key, strlen(entry->key));
	print_add(p, entry->value, entry->value_len);
	if (o != NULL && o->type == OPTION_PATH && !o->is_reread)
		add_file(p, c, entry);
}

/* [api NAME] of the source's api, where it is one of the user's own. */
static void
add_api(struct print *p, const struct conf *c, const char *name)
{
	for (size_t i = 1; name != NULL && i < kf_n_sections(c->kf); i++) {
		const struct kf_section *s = kf_section(c->kf, i);

		if (strcmp(s->kind, "api") != 0 || strcmp(s->name, name) != 0)
			continue;
		for (size_t k = 0; k < s->n_entries; k++) {
			const struct kf_entry *en = s->entries[k];

			print_add(p, en->key, strlen(en->key));
			print_add(p, en->value, en->value_len);
		}
	}
}

uint64_t
conf__print_section(
    struct conf *c, enum conf_kind kind, const struct kf_section *s)
{
	const struct kf_entry *api = kf_find(s, "api");
	struct print p;

	print_init(&p);
	for (size_t i = 0; i < s->n_entries; i++)
		add_entry(&p, c, kind, s->entries[i]);
	if (api != NULL)
		add_api(&p, c, api->value);
	return print_end(&p);
}

/* A map and all that it includes, as they are loaded. */
struct loading {
	struct print print;
	const char **folders;
};

static int
load_and_print(void *ctx, const char *name, const char *from, struct buf *text,
    struct buf *path, struct err *e)
{
	struct loading *l = ctx;
	int rc = config_map_load(l->folders, name, from, text, path, e);

	if (rc == 0) {
		print_add(&l->print, path->p, path->len);
		print_add(&l->print, text->p, text->len);
	}
	return rc;
}

struct map *
conf__compile_map(struct conf *c, const char *name, uint64_t *print)
{
	struct loading l = { .folders = c->map_path };
	struct map *map;

	print_init(&l.print);
	map = map_compile(name, load_and_print, &l, c->faults);
	*print = print_end(&l.print);
	return map;
}

/* As written; the default where it is not. */
static const char *
text_of(const struct conf *c, const struct option *o)
{
	const struct kf_entry *en = kf_find(c->global.section, o->key);

	if (en != NULL)
		return en->value;
	return o->def == NULL ? "" : o->def;
}

size_t
config_needs_restart(struct config *now, struct config *then,
    void (*fn)(void *ctx, const char *key), void *ctx)
{
	const struct conf *a = CONTAINER_OF(now, struct conf, pub);
	const struct conf *b = CONTAINER_OF(then, struct conf, pub);
	const struct option *o;
	size_t n = 0;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		if (o->reload != RELOAD_NEVER ||
		    strcmp(text_of(a, o), text_of(b, o)) == 0)
			continue;
		fn(ctx, o->key);
		n++;
	}
	return n;
}
