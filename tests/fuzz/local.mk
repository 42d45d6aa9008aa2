# fuzz targets: a property each, held against any bytes

EXTRA_DIST += tests/fuzz/corpus tests/fuzz/dict tests/fuzz/jsonpath.seeds

fuzz_targets += tests/fuzz/jsonpath
tests_fuzz_jsonpath_SOURCES = tests/fuzz/jsonpath.c $(FUZZ_MAIN)
tests_fuzz_jsonpath_LDADD = $(JSONPATH_LIBS) $(DEPS_LIBS)
tests_fuzz_jsonpath_LDFLAGS = $(FUZZ_LINK)

reader = tests/fuzz/reader.c tests/fuzz/reader.h

fuzz_targets += tests/fuzz/cef
tests_fuzz_cef_SOURCES = tests/fuzz/cef.c $(reader) $(FUZZ_MAIN)
tests_fuzz_cef_LDADD = $(CEF_LIBS)
tests_fuzz_cef_LDFLAGS = $(FUZZ_LINK)

fuzz_targets += tests/fuzz/keyfile
tests_fuzz_keyfile_SOURCES = tests/fuzz/keyfile.c $(FUZZ_MAIN)
tests_fuzz_keyfile_LDADD = $(KEYFILE_LIBS)
tests_fuzz_keyfile_LDFLAGS = $(FUZZ_LINK)

fuzz_targets += tests/fuzz/map
tests_fuzz_map_SOURCES = tests/fuzz/map.c $(reader) $(FUZZ_MAIN)
tests_fuzz_map_LDADD = $(MAP_LIBS) $(DEPS_LIBS)
tests_fuzz_map_LDFLAGS = $(FUZZ_LINK)

fuzz_targets += tests/fuzz/split
tests_fuzz_split_SOURCES = tests/fuzz/split.c \
	tests/fuzz/json.c tests/fuzz/json.h $(FUZZ_MAIN)
tests_fuzz_split_LDADD = $(SOURCE_LIBS) $(DEPS_LIBS)
tests_fuzz_split_LDFLAGS = $(FUZZ_LINK)

fuzz_targets += tests/fuzz/convert
tests_fuzz_convert_SOURCES = tests/fuzz/convert.c $(FUZZ_MAIN)
tests_fuzz_convert_LDADD = $(CONVERT_LIBS) $(DEPS_LIBS)
tests_fuzz_convert_LDFLAGS = $(FUZZ_LINK)
