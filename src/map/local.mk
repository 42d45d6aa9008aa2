# map: map text to program; record to events

noinst_LIBRARIES += libmap.a
libmap_a_SOURCES = \
	src/map/args.c \
	src/map/clash.c \
	src/map/compile.c \
	src/map/eval.c \
	src/map/expr.c src/map/expr.h \
	src/map/filter.c src/map/filter.h \
	src/map/filter_list.c \
	src/map/filter_net.c \
	src/map/filter_number.c \
	src/map/filter_text.c \
	src/map/literal.c \
	src/map/lookup.c src/map/lookup.h \
	src/map/map.h src/map/map_priv.h \
	src/map/merge.c \
	src/map/model.c src/map/model.h src/map/model_priv.h \
	src/map/parse.c src/map/parse.h \
	src/map/regex.c src/map/regex.h \
	src/map/run.c \
	src/map/value.c src/map/value.h

MAP_LIBS = libmap.a libcef.a $(JSONPATH_LIBS)

if CMOCKA
map_test_common = tests/unit/map_common.c tests/unit/map_common.h
map_test_libs = $(MAP_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
check_PROGRAMS += tests/unit/map_expr
tests_unit_map_expr_SOURCES = tests/unit/map_expr.c $(map_test_common)
tests_unit_map_expr_LDADD = $(map_test_libs)
check_PROGRAMS += tests/unit/map_fault
tests_unit_map_fault_SOURCES = tests/unit/map_fault.c $(map_test_common)
tests_unit_map_fault_LDADD = $(map_test_libs)
check_PROGRAMS += tests/unit/map_run
tests_unit_map_run_SOURCES = tests/unit/map_run.c $(map_test_common)
tests_unit_map_run_LDADD = $(map_test_libs)
# The test counts allocations.
tests_unit_map_run_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=calloc,--wrap=realloc,--wrap=reallocarray
endif
