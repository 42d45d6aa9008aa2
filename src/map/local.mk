# map: map text to program; record to events

noinst_LIBRARIES += libmap.a
libmap_a_SOURCES = src/map/map.h

MAP_LIBS = libmap.a libcef.a $(JSONPATH_LIBS)
