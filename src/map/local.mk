# map: map text to program; record to events

noinst_LIBRARIES += libmap.a
libmap_a_SOURCES = \
	src/map/compile.c \
	src/map/eval.c \
	src/map/expr.c src/map/expr.h \
	src/map/filter.c src/map/filter.h \
	src/map/filter_list.c \
	src/map/filter_net.c \
	src/map/filter_number.c \
	src/map/filter_text.c \
	src/map/lookup.c src/map/lookup.h \
	src/map/map.h src/map/map_priv.h \
	src/map/merge.c \
	src/map/model.c src/map/model.h src/map/model_priv.h \
	src/map/regex.c src/map/regex.h \
	src/map/run.c \
	src/map/value.c src/map/value.h

MAP_LIBS = libmap.a libcef.a $(JSONPATH_LIBS)
