# lane: feeds, lanes, back-pressure, settle to memory to cursor

noinst_LIBRARIES += liblane.a
liblane_a_SOURCES = \
	src/lane/apply.c \
	src/lane/feed.c \
	src/lane/forwarder.c \
	src/lane/gaps.c \
	src/lane/health.c src/lane/health.h \
	src/lane/lane.c src/lane/lane.h src/lane/lane_priv.h \
	src/lane/side.c \
	src/lane/stats.c src/lane/stats.h \
	src/lane/watch.c

LANE_LIBS = liblane.a libsource.a libauth.a libsyslog.a libstate.a libmap.a \
	libcef.a libjsonpath.a libnet.a $(KEYFILE_LIBS)

# The rooms that touch the network are stood in for: the test is the source
# and the destination.
if CMOCKA
check_PROGRAMS += tests/unit/lane tests/unit/lane_health tests/unit/lane_side
lane_test_world = tests/unit/lane_doubles.c tests/unit/lane_doubles.h \
	tests/unit/lane_world.c tests/unit/lane_world.h
lane_test_libs = liblane.a libstate.a libmap.a libcef.a libjsonpath.a \
	$(KEYFILE_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_lane_SOURCES = tests/unit/lane.c $(lane_test_world)
tests_unit_lane_LDADD = $(lane_test_libs)
tests_unit_lane_health_SOURCES = tests/unit/lane_health.c $(lane_test_world)
tests_unit_lane_health_LDADD = $(lane_test_libs)
tests_unit_lane_side_SOURCES = tests/unit/lane_side.c $(lane_test_world)
tests_unit_lane_side_LDADD = $(lane_test_libs)
endif
