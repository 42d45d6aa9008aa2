# convert: a FlexConnector's JSON parser to a map

noinst_LIBRARIES += libconvert.a
libconvert_a_SOURCES = \
	src/convert/convert.c src/convert/convert.h \
	src/convert/convert_priv.h \
	src/convert/field.c \
	src/convert/ops.c \
	src/convert/parse.c \
	src/convert/path.c \
	src/convert/props.c \
	src/convert/rules.c \
	src/convert/text.c \
	src/convert/time.c \
	src/convert/write.c

CONVERT_LIBS = libconvert.a $(MAP_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/convert
tests_unit_convert_SOURCES = tests/unit/convert.c $(map_test_common)
tests_unit_convert_LDADD = $(CONVERT_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
endif
