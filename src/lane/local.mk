# lane: feeds, lanes, back-pressure, cursors

noinst_LIBRARIES += liblane.a
liblane_a_SOURCES = src/lane/lane.h

LANE_LIBS = liblane.a libsource.a libauth.a libsyslog.a libstate.a libmap.a libcef.a libjsonpath.a libnet.a $(KEYFILE_LIBS)
