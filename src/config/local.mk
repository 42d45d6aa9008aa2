# config: cefwd.conf to options

noinst_LIBRARIES += libconfig.a
libconfig_a_SOURCES = \
	src/config/api.c src/config/check.c \
	src/config/conf.c src/config/conf.h \
	src/config/conf_priv.h \
	src/config/endpoint.c \
	src/config/grant.c \
	src/config/mapload.c \
	src/config/options.c src/config/options.h \
	src/config/print.c \
	src/config/read.c \
	src/config/rules.c \
	src/config/socket.c \
	src/config/secret.c

CONFIG_LIBS = libconfig.a $(LANE_LIBS)

if CMOCKA
check_PROGRAMS += tests/unit/config tests/unit/config_faults
tests_unit_config_SOURCES = tests/unit/config.c \
	tests/unit/config_rig.c tests/unit/config_rig.h
tests_unit_config_LDADD = $(CONFIG_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
tests_unit_config_faults_SOURCES = tests/unit/config_faults.c \
	tests/unit/config_rig.c tests/unit/config_rig.h
tests_unit_config_faults_LDADD = $(CONFIG_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)

check_PROGRAMS += tests/unit/config_print
tests_unit_config_print_SOURCES = tests/unit/config_print.c \
	tests/unit/config_rig.c tests/unit/config_rig.h
tests_unit_config_print_LDADD = $(CONFIG_LIBS) $(CMOCKA_LIBS) $(DEPS_LIBS)
endif

dist_man_MANS += man/cefwd.conf.5
exampledir = $(docdir)
dist_example_DATA = dist/cefwd.conf.example dist/sophos-central.conf \
	dist/sophos-central.map
