# syslog: frame, queue, settle, replay

noinst_LIBRARIES += libsyslog.a
libsyslog_a_SOURCES = src/syslog/dest.h

SYSLOG_LIBS = libsyslog.a $(NET_LIBS)
