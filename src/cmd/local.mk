# cmd and main: the program

bin_PROGRAMS = cefwd
cefwd_SOURCES = src/main.c \
	src/cmd/cmd.c src/cmd/cmd.h
cefwd_LDADD = libconfig.a $(LANE_LIBS) $(DEPS_LIBS)
