/*
 * config_rig.h - a folder with what the tests' configurations name
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_CONFIG_RIG_H
#define CEFWD_TESTS_CONFIG_RIG_H

#include <sys/types.h>

struct config;
struct faults;

#define TENANT    "contoso.onmicrosoft.com"
#define CLIENT_ID "00001111-aaaa-2222-bbbb-3333cccc4444"

/* A good source of six lines, and a good destination of two. */
#define SOURCE                               \
	"[source a]\n"                       \
	"api = graph-alerts\n"               \
	"tenant = " TENANT "\n"              \
	"client-id = " CLIENT_ID "\n"        \
	"client-secret-file = good.secret\n" \
	"map = ./good.map\n"
#define DESTINATION         \
	"[destination d]\n" \
	"url = tcp://192.0.2.1:514\n"

/* The text of good.map, and the folder's name, once it is set up. */
extern const char config_rig_map[];

/* A certificate in PEM; it is in the file ca.pem. */
extern const char config_rig_ca[];
extern char config_rig_folder[];

/* A group's set-up and tear-down. */
int config_rig_set_up(void **state);
int config_rig_tear_down(void **state);

/* A path in the folder, to be freed; and a file there. */
char *config_rig_path(const char *name);
void config_rig_write(const char *name, const char *text, mode_t mode);

/* Load a configuration of that text; one that must be without a fault. */
struct config *config_rig_load(const char *text, struct faults *faults);
struct config *config_rig_load_good(const char *text);

/* "line:col+len message" lines, the folder's name as DIR; to be freed. */
char *config_rig_faults(struct faults *f);

#endif /* CEFWD_TESTS_CONFIG_RIG_H */
