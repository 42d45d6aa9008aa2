# source: API rows, slices, pages, records

noinst_LIBRARIES += libsource.a
libsource_a_SOURCES = src/source/api.h src/source/record.h src/source/source.h src/source/split.h

SOURCE_LIBS = libsource.a libauth.a libmap.a $(JSONPATH_LIBS) $(NET_LIBS)
