/*
 * limits.h - every bound of the program: name, unit, reason
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_BASE_LIMITS_H
#define CEFWD_BASE_LIMITS_H

/* clang-format off */

/* An error text: an AADSTS description (some 500 bytes), what it means and
   the mend, on one line. */
#define ERR_TEXT_MAX            1536u

/* keyfile: a line, joined or not; a file; names. */
#define KF_LINE_MAX             65536u          /* bytes */
#define KF_FILE_MAX             (4u << 20)      /* bytes: a map is ~10 KiB */
#define KF_FAULTS_MAX           200u            /* more help nobody */

/* JSON: an alert with evidence is 4-50 KiB, an incident with its alerts can
   be some MiB (microsoft-alert-apis: "bodies of many MB for 100"). */
#define JSON_DEPTH_MAX          64
#define JSON_ELEMENT_MAX        (16u << 20)     /* bytes of one record */
#define JSON_PAGE_MAX           (1024ull << 20) /* bytes of one page */
#define JSON_MEMBER_MAX         (64u << 10)     /* bytes of a page's own
                                                   member: nextLink, error */

/* jsonpath: a hostile record must not cost seconds. */
#define JPATH_DEPTH_MAX         64              /* nesting of a query */
#define JPATH_STEPS_MAX         1000000U        /* nodes visited a query */
#define JPATH_NODES_MAX         100000U         /* nodes in a result */
#define JPATH_LEVELS_MAX        256U            /* levels of the document, all
                                                   nested queries together */
#define JPATH_REGEX_MAX         4096U           /* bytes of a pattern */
#define JPATH_MATCH_MAX         1000000U        /* PCRE2's steps a match */
#define JPATH_MATCH_HEAP_MAX    (16U << 20)     /* bytes of backtracking */

/* map: a value is cut to its field later; this bounds the work before. */
#define MAP_VALUE_MAX           (256U << 10)    /* bytes of one value */
#define MAP_EXPR_DEPTH_MAX      32              /* nested braces, parens */
#define MAP_EVENTS_MAX          10000u          /* lines from one record */
#define MAP_INCLUDE_MAX         8               /* nested includes */
#define MAP_FILES_MAX           64u             /* files of one map */
#define MAP_ITEMS_MAX           200000u         /* values at work in a field */
#define MAP_WORK_MAX            (16u << 20)     /* bytes made for one field */
#define MAP_KEEP_MAX            (1u << 20)      /* of these kept for reuse */
#define MAP_UNIQUE_MAX          1000u           /* different values told apart:
                                                   more than a field holds */
#define MAP_REGEX_TEXT_MAX      (32u << 10)     /* bytes that a regex sees */
#define MAP_REGEX_STEPS_MAX     10000u          /* PCRE2's match limit, from
                                                   each byte on: with the text
                                                   above, some 3 s at worst */

/* cef: what is written for one event when no lane names a limit. */
#define CEF_LINE_MAX            (1u << 20)      /* bytes */

/* convert: a parser has some hundred lines; any bytes may come as one. */
#define CONVERT_FILE_MAX        (1U << 20)      /* bytes */
#define CONVERT_PROPS_MAX       4096U           /* rules */
#define CONVERT_EXPR_MAX        32768U          /* bytes: half a line of a map */
#define CONVERT_ROWS_MAX        (16U << 10)     /* bytes of a lookup's rows */
#define CONVERT_WORK_MAX        (64U << 20)     /* bytes of expressions */
#define CONVERT_RANGE_MAX       500             /* numbers of a..b, as rows */
#define CONVERT_ARGS_MAX        64U             /* of an operation */
#define CONVERT_DEPTH_MAX       12U             /* nested operations */
#define CONVERT_STEPS_MAX       2000U           /* of them, a field */

/* net and auth. */
#define HTTP_HEADER_MAX         (16u << 10)     /* bytes of one header */
#define TOKEN_ANSWER_MAX        (256U << 10)    /* bytes of a token answer */
/* listener: a scrape or a person asks now and then. */
#define LISTENER_CONNECTIONS    32u
#define LISTENER_TIMEOUT_S      10u             /* of silence */
#define LISTENER_MEMORY         (16u << 10)     /* bytes of one connection:
                                                   its request's head */
#define LISTENER_BODY_MAX       (64u << 20)     /* bytes of an answer: 500
                                                   feeds have some MiB */
#define URL_MAX_BYTES           (32u << 10)     /* a nextLink can be long */

/* clang-format on */

#endif /* CEFWD_BASE_LIMITS_H */
