# lane: feeds, lanes, back-pressure, settle to memory to cursor

noinst_LIBRARIES += liblane.a
liblane_a_SOURCES = \
	src/lane/feed.c \
	src/lane/forwarder.c \
	src/lane/lane.c src/lane/lane.h src/lane/lane_priv.h

LANE_LIBS = liblane.a libsource.a libauth.a libsyslog.a libstate.a libmap.a \
	libcef.a libjsonpath.a libnet.a $(KEYFILE_LIBS)
