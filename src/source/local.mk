# source: API rows, slices, pages, records

noinst_LIBRARIES += libsource.a
libsource_a_SOURCES = src/source/api.h src/source/source.h \
	src/source/record.c src/source/record.h \
	src/source/scan.c src/source/scan.h \
	src/source/split.c src/source/split.h

SOURCE_LIBS = libsource.a libauth.a libmap.a $(JSONPATH_LIBS) $(NET_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/source_split tests/unit/source_record
tests_unit_source_split_SOURCES = tests/unit/source_split.c
tests_unit_source_split_LDADD = $(SOURCE_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_source_record_SOURCES = tests/unit/source_record.c
tests_unit_source_record_LDADD = $(SOURCE_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
endif
