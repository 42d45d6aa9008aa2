# source: API rows, slices, pages, records

noinst_LIBRARIES += libsource.a
libsource_a_SOURCES = \
	src/source/api.c src/source/api.h \
	src/source/chain.c \
	src/source/digest.c src/source/digest.h \
	src/source/element.c \
	src/source/hashset.c src/source/hashset.h \
	src/source/ident.c \
	src/source/items.c src/source/items.h \
	src/source/link.c \
	src/source/member.c src/source/member.h \
	src/source/page.c \
	src/source/pass.c \
	src/source/quota.c src/source/quota.h \
	src/source/record.c src/source/record.h \
	src/source/scan.c src/source/scan.h \
	src/source/slice.c src/source/slice.h \
	src/source/source.c src/source/source.h src/source/source_priv.h \
	src/source/split.c src/source/split.h \
	src/source/url.c

SOURCE_LIBS = libsource.a libauth.a libmap.a $(JSONPATH_LIBS) $(NET_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/source_split tests/unit/source_record \
	tests/unit/source_parts tests/unit/source_quota
tests_unit_source_parts_SOURCES = tests/unit/source_parts.c
tests_unit_source_parts_LDADD = $(SOURCE_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_source_quota_SOURCES = tests/unit/source_quota.c
tests_unit_source_quota_LDADD = $(SOURCE_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_source_split_SOURCES = tests/unit/source_split.c
tests_unit_source_split_LDADD = $(SOURCE_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_source_record_SOURCES = tests/unit/source_record.c
tests_unit_source_record_LDADD = $(SOURCE_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)

# HTTP, tokens, timers and clock are a script's here; its objects come first
SOURCE_WORLD = tests/unit/source_world.c tests/unit/source_world.h \
	tests/unit/source_api.c tests/unit/source_api.h \
	tests/unit/source_fake_http.c tests/unit/source_fake_http.h
check_PROGRAMS += tests/unit/source_items tests/unit/source_pass \
	tests/unit/source_trouble
tests_unit_source_items_SOURCES = tests/unit/source_items.c $(SOURCE_WORLD)
tests_unit_source_items_LDADD = $(SOURCE_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_source_pass_SOURCES = tests/unit/source_pass.c $(SOURCE_WORLD)
tests_unit_source_pass_LDADD = $(SOURCE_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_source_trouble_SOURCES = tests/unit/source_trouble.c $(SOURCE_WORLD)
tests_unit_source_trouble_LDADD = $(SOURCE_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
endif
