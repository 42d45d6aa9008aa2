# cmd and main: the program

bin_PROGRAMS = cefwd
cefwd_SOURCES = src/main.c \
	src/cmd/carried.c src/cmd/carried.h \
	src/cmd/check.c \
	src/cmd/cmd.c src/cmd/cmd.h \
	src/cmd/commands.h \
	src/cmd/convert.c \
	src/cmd/diff.c src/cmd/diff.h \
	src/cmd/explain.c src/cmd/explain.h \
	src/cmd/explain_json.c \
	src/cmd/explain_table.c \
	src/cmd/forward.c src/cmd/forward.h \
	src/cmd/guard.c src/cmd/guard.h \
	src/cmd/input.c src/cmd/input.h \
	src/cmd/live.c src/cmd/live.h \
	src/cmd/login.c \
	src/cmd/notify.c src/cmd/notify.h \
	src/cmd/once.c \
	src/cmd/paper.c src/cmd/paper.h \
	src/cmd/plan.c src/cmd/plan.h \
	src/cmd/pulse.c src/cmd/pulse.h \
	src/cmd/reload.c src/cmd/reload.h \
	src/cmd/run.c \
	src/cmd/status.c \
	src/cmd/status_table.c src/cmd/status_table.h \
	src/cmd/translate.c \
	src/cmd/visible.c src/cmd/visible.h
cefwd_LDADD = libconfig.a libstatus.a libconvert.a $(LANE_LIBS) $(DEPS_LIBS)
