# config: cefwd.conf to options

noinst_LIBRARIES += libconfig.a
libconfig_a_SOURCES = \
	src/config/check.c \
	src/config/conf.c src/config/conf.h \
	src/config/conf_priv.h \
	src/config/endpoint.c \
	src/config/mapload.c \
	src/config/options.c src/config/options.h \
	src/config/read.c \
	src/config/rules.c \
	src/config/secret.c

CONFIG_LIBS = libconfig.a $(LANE_LIBS)

dist_man_MANS += man/cefwd.conf.5
exampledir = $(docdir)
dist_example_DATA = dist/cefwd.conf.example
