/* SPDX-License-Identifier: ISC */
/* The log ring, its survival of a warm reset, and rate limits for what guests provoke. */
#include <hyp/console.h>
#include <hyp/domain.h>
#include <hyp/errno.h>
#include <hyp/lib.h>
#include <hyp/log.h>

#define LOG_MAGIC  0x504c494e54484c31ULL /* "PLINTHL1" */
#define EARLY_SIZE 2048

/*
 *	+0   magic        +16  checksum of magic, boot_count and size: tells a log from leftovers
 *	+8   boot_count   +24  written: bytes ever logged in this boot; byte n is at data[n % size]
 *	+12  size         +32  data
 */
struct log_ring {
	uint64_t magic;
	uint32_t boot_count;
	uint32_t size;
	uint64_t checksum;
	uint64_t written;
	char data[];
};

static struct {
	struct spinlock lock;
	struct log_ring *ring;     /* NULL until log_init() */
	struct log_ring *previous; /* NULL: none was found */
	uint64_t start;            /* what log_clear() hides is before this */
	int level;
	bool panicking;
} log = {.lock = SPINLOCK_INIT(RANK_LOG), .level = LOG_INFO};

static struct {
	char data[EARLY_SIZE];
	uint32_t used;
} early;

static uint64_t ring_checksum(const struct log_ring *r)
{
	return r->magic * 31 + ((uint64_t)r->boot_count << 32 | r->size);
}

static bool ring_valid(const struct log_ring *r)
{
	return r->magic == LOG_MAGIC && r->size == LOG_SIZE - sizeof(*r) &&
	       r->checksum == ring_checksum(r);
}

static void ring_put(struct log_ring *r, const char *s, size_t len)
{
	uint64_t at = r->written;

	for (size_t i = 0; i < len; i++)
		r->data[(at + i) % r->size] = s[i];
	/* The count says what is there: it must not become visible in memory before the bytes. */
	smp_wmb();
	r->written = at + len;
}

static void log_bytes(const char *s, size_t len)
{
	if (log.ring) {
		ring_put(log.ring, s, len);
	} else {
		size_t n = MIN(len, EARLY_SIZE - early.used);

		memcpy(early.data + early.used, s, n);
		early.used += (uint32_t)n;
	}
	console_write(s, len);
}

void log_init(void *ring, void *previous)
{
	struct log_ring *r = ring;
	uint32_t boots = 0;

	if (ring_valid(r)) {
		boots = r->boot_count;
		memcpy(previous, r, LOG_SIZE);
		log.previous = previous;
	}
	r->magic = 0; /* not a log while it is half made */
	smp_wmb();
	r->boot_count = boots + 1;
	r->size = (uint32_t)(LOG_SIZE - sizeof(*r));
	r->written = 0;
	r->checksum = LOG_MAGIC * 31 + ((uint64_t)r->boot_count << 32 | r->size);
	smp_wmb();
	r->magic = LOG_MAGIC;
	ring_put(r, early.data, early.used);
	log.ring = r;
	if (log.previous)
		log_info("log: boot %u since power-on; the log of the boot before is kept",
			 r->boot_count);
}

void log_set_level(int level)
{
	log.level = level;
}

void log_panic_mode(void)
{
	log.panicking = true;
}

/* A CPU that died with the lock held must not keep the panic message from coming out. */
static void log_lock(void)
{
	if (!log.panicking) {
		spin_lock(&log.lock);
		return;
	}
	for (unsigned i = 0; i < 1000000 && !spin_trylock(&log.lock); i++)
		cpu_relax();
}

static void log_vprint(const char *prefix, const char *fmt, va_list ap)
{
	char line[256];
	ns_t now = time_hz ? time_now() : 0;
	int n = snprintf(line, sizeof(line), "(plinth) [%5u.%06u] %s", (unsigned)(now / 1000000000),
			 (unsigned)(now % 1000000000 / 1000), prefix);
	int m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	size_t len = MIN((size_t)(n + m), sizeof(line) - 2);

	line[len++] = '\n';
	log_lock();
	log_bytes(line, len);
	spin_unlock(&log.lock);
}

void log_print(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if ((int)level > log.level)
		return;
	va_start(ap, fmt);
	log_vprint("", fmt, ap);
	va_end(ap);
}

/* A bucket of lines a domain, refilled at one a second. Benign races: this only limits. */
static bool log_may(struct domain *d)
{
	ns_t now = time_now();
	uint64_t seconds = (now - d->log.refill) >> 30;

	if (seconds) {
		d->log.budget = (uint32_t)MIN(d->log.budget + seconds, (uint64_t)LOG_GUEST_BURST);
		d->log.refill = now;
	}
	if (!d->log.budget) {
		d->log.lost++;
		return false;
	}
	d->log.budget--;
	return true;
}

void log_guest(struct domain *d, const char *fmt, ...)
{
	char prefix[48];
	va_list ap;

	if (log.level < LOG_WARN || !log_may(d))
		return;
	if (d->log.lost)
		snprintf(prefix, sizeof(prefix), "d%u (%u lines left out): ", d->id, d->log.lost);
	else
		snprintf(prefix, sizeof(prefix), "d%u: ", d->id);
	d->log.lost = 0;
	va_start(ap, fmt);
	log_vprint(prefix, fmt, ap);
	va_end(ap);
}

static uint32_t ring_read(const struct log_ring *r, uint64_t *pos, char *buf, uint32_t size)
{
	uint64_t oldest = r->written > r->size ? r->written - r->size : 0;
	uint32_t n;

	if (*pos < oldest)
		*pos = oldest;
	if (*pos >= r->written)
		return 0;
	n = (uint32_t)MIN((uint64_t)size, r->written - *pos);
	for (uint32_t i = 0; i < n; i++)
		buf[i] = r->data[(*pos + i) % r->size];
	*pos += n;
	return n;
}

uint32_t log_read(uint64_t *pos, char *buf, uint32_t size)
{
	uint32_t n;

	spin_lock(&log.lock);
	n = ring_read(log.ring, pos, buf, size);
	spin_unlock(&log.lock);
	return n;
}

uint64_t log_start(void)
{
	return log.start;
}

void log_clear(void)
{
	spin_lock(&log.lock);
	log.start = log.ring->written;
	spin_unlock(&log.lock);
}

int log_read_previous(uint32_t offset, char *buf, uint32_t size, uint64_t *total,
		      uint32_t *boot_count)
{
	const struct log_ring *r = log.previous;
	uint64_t oldest, pos;

	if (!r)
		return -ENODATA;
	oldest = r->written > r->size ? r->written - r->size : 0;
	*total = r->written - oldest;
	*boot_count = r->boot_count;
	pos = oldest + offset;
	return (int)ring_read(r, &pos, buf, size);
}
