/*
 * SPDX-License-Identifier: MIT
 *
 * When a line is safe to forget.
 *
 * That send() succeeded says that our kernel has the bytes; that the peer's
 * kernel acknowledged them says that its kernel has them.  Both lose them when
 * the receiver dies.  So a line is held until these rules let it go; the code
 * that upholds a rule names its number.
 *
 *  S1  A line is a range of bytes of one connection.  A new connection counts
 *      from 0, and every line that had not settled is given to it again, whole
 *      and in order, before any other.  (spool_rewind())
 *  S2  The read offset of a connection is
 *          bytes the kernel took - SIOCOUTQ - idiag_rqueue
 *      with the ioctl before the netlink query: what moves from the first
 *      term to the second between them is counted twice, never not at all.
 *      For a receiver on another host the last term is 0.  (tcp_look())
 *  S3  No offset exceeds the bytes that the kernel took.  (spool_settle())
 *  S4  The read offset never falls.
 *  S5  A look counts only if the connection was ESTABLISHED, without an error
 *      and without the peer's FIN, after both queries: a peer that has closed
 *      reads no more, whatever its kernel acknowledged.  (tcp_look())
 *  S6  The settle clock advances from one look to the next only if nothing was
 *      unread at the second, or the read offset moved: a receiver that hangs
 *      ages nothing.  It advances by a quarter of the time to settle at most:
 *      what was not watched (our own stall) does not count.
 *  S7  A line settles when the read offset reached its end at least settle_ms
 *      of that clock ago.  The clock's value at the look that first saw the
 *      offset stands for the moment that it was reached, which was earlier.
 *  S8  Whether the receiver's socket can be asked is decided once for each
 *      connection, at the first look that sees bytes acknowledged: our own
 *      pair of addresses must be found (else the facility is missing), then
 *      the reversed one (else the receiver is elsewhere).  From then on "not
 *      found" is a break.  (tcp_look())
 *  S9  Lines leave in the order in which they were given.  (spool_settle())
 *
 * UDP has no reader to ask: all that was given counts as read, and an ICMP
 * refusal is a break that puts back whatever was given less than settle_ms,
 * there 1 s, ago.  What a file was given is synced, and settles at the next
 * looks; what lies in the pipe of standard output is not read.  (file_look())
 *
 * S1 holds for a break of our own making, too: when an earlier receiver is
 * returned to, what the later one had not settled is given there again.
 * (go_back())
 */
#include "config.h"

#include "base/obj.h"

#include "syslog/settle.h"

/* A shorter time between looks costs more than it gains. */
#define TICK_MIN_MS 5

void
settle_start(struct settle *s, uint64_t settle_ms, uint64_t now_ms)
{
	*s = (struct settle){
		.settle_ms = settle_ms, .seen_ms = now_ms, .moved_ms = now_ms
	};
}

void
settle_resume(struct settle *s, uint64_t now_ms)
{
	s->seen_ms = now_ms;
	s->moved_ms = now_ms;
}

uint64_t
settle_tick_ms(const struct settle *s)
{
	uint64_t tick_ms = s->settle_ms / SETTLE_LOOKS;

	return tick_ms < TICK_MIN_MS ? TICK_MIN_MS : tick_ms;
}

/* S7.  Where the ring is full the newest mark gives way: its bytes then count
   as read later than they were. */
static void
mark_add(struct settle *s)
{
	if (s->n < SETTLE_MARKS)
		s->n++;
	s->marks[(s->first + s->n - 1) % SETTLE_MARKS] =
	    (struct settle_mark){ .clock_ms = s->clock_ms, .read = s->read };
}

uint64_t
settle_look(struct settle *s, uint64_t now_ms, uint64_t read, uint64_t unread)
{
	uint64_t step_ms = now_ms > s->seen_ms ? now_ms - s->seen_ms : 0;
	uint64_t most_ms = s->settle_ms / 4;
	bool moved = read > s->read; /* S4 */

	if (most_ms < TICK_MIN_MS)
		most_ms = TICK_MIN_MS;
	s->seen_ms = now_ms;
	s->unread = unread;
	if (moved) {
		s->read = read;
		s->moved_ms = now_ms;
	}
	if (moved || unread == 0) /* S6 */
		s->clock_ms += step_ms < most_ms ? step_ms : most_ms;
	if (moved)
		mark_add(s);
	while (s->n > 0 &&
	    s->clock_ms - s->marks[s->first].clock_ms >= s->settle_ms) {
		s->settled = s->marks[s->first].read;
		s->first = (s->first + 1) % SETTLE_MARKS;
		s->n--;
	}
	return s->settled;
}

uint64_t
settle_still_ms(const struct settle *s, uint64_t now_ms)
{
	return now_ms > s->moved_ms ? now_ms - s->moved_ms : 0;
}
