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

EXTRA_DIST += tests/data/rfc9535.json

if CMOCKA
check_PROGRAMS += \
	tests/unit/jsonpath_cts \
	tests/unit/jsonpath_eval \
	tests/unit/jsonpath_faults \
	tests/unit/jsonpath_regex \
	tests/unit/jsonpath_standard \
	tests/unit/jsonpath_steady
JSONPATH_TEST_LIBS = $(JSONPATH_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_jsonpath_cts_SOURCES = tests/unit/jsonpath_cts.c
tests_unit_jsonpath_cts_LDADD = $(JSONPATH_TEST_LIBS)
tests_unit_jsonpath_eval_SOURCES = tests/unit/jsonpath_eval.c
tests_unit_jsonpath_eval_LDADD = $(JSONPATH_TEST_LIBS)
tests_unit_jsonpath_faults_SOURCES = tests/unit/jsonpath_faults.c
tests_unit_jsonpath_faults_LDADD = $(JSONPATH_TEST_LIBS)
tests_unit_jsonpath_regex_SOURCES = tests/unit/jsonpath_regex.c
tests_unit_jsonpath_regex_LDADD = $(JSONPATH_TEST_LIBS)
tests_unit_jsonpath_standard_SOURCES = tests/unit/jsonpath_standard.c
tests_unit_jsonpath_standard_LDADD = $(JSONPATH_TEST_LIBS)
tests_unit_jsonpath_steady_SOURCES = tests/unit/jsonpath_steady.c
tests_unit_jsonpath_steady_LDADD = $(JSONPATH_TEST_LIBS)
endif
