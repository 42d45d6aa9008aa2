# jsonpath: RFC 9535

noinst_LIBRARIES += libjsonpath.a
libjsonpath_a_SOURCES = \
	src/jsonpath/eval.c \
	src/jsonpath/filter.c \
	src/jsonpath/function.c \
	src/jsonpath/iregexp.c \
	src/jsonpath/jsonpath.c src/jsonpath/jsonpath.h \
	src/jsonpath/jsonpath_priv.h \
	src/jsonpath/lex.c \
	src/jsonpath/nodes.c \
	src/jsonpath/parse.c \
	src/jsonpath/pool.c \
	src/jsonpath/regex.c \
	src/jsonpath/value.c

JSONPATH_LIBS = libjsonpath.a $(KEYFILE_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/jsonpath_cts
tests_unit_jsonpath_cts_SOURCES = tests/unit/jsonpath_cts.c
tests_unit_jsonpath_cts_LDADD = $(JSONPATH_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
endif
