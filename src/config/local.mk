# config: cefwd.conf to options

noinst_LIBRARIES += libconfig.a
libconfig_a_SOURCES = src/config/conf.h

CONFIG_LIBS = libconfig.a $(LANE_LIBS)
