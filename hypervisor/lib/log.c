/* SPDX-License-Identifier: ISC */
/* The log ring, and how it survives a warm reset. */
#include <lib/atomic.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <lib/log.h>
#include <lib/spinlock.h>
#include <lib/time.h>

#define LOG_MAGIC  0x504c494e54484c31ULL /* "PLINTHL1" */
#define EARLY_SIZE 2048

/*
 *	+0   magic        +16  checksum of magic, boot_count and size, to recognize a valid log
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
	struct log_ring *previous; /* NULL if none was found */
	uint64_t start;            /* log_clear() hides everything before this position */
	int level;
	bool panicking;
	void (*console)(const char *s, size_t len); /* NULL: no console */
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
	uint32_t at = (uint32_t)(r->written % r->size);

	for (size_t i = 0; i < len; i++) {
		r->data[at] = s[i];
		at = at + 1 < r->size ? at + 1 : 0;
	}
	/* `written` covers these bytes, so it must not become visible in memory before them. */
	smp_wmb();
	r->written += len;
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
	if (log.console)
		log.console(s, len);
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
	r->magic = 0; /* invalid until the header is complete */
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

void log_set_console(void (*write)(const char *s, size_t len))
{
	log.console = write;
}

void log_set_level(int level)
{
	log.level = level;
}

void log_panic_mode(void)
{
	log.panicking = true;
}

/* If a CPU died while it held the lock, the panic message must still be printed. */
static void log_lock(void)
{
	if (!log.panicking) {
		spin_lock(&log.lock);
		return;
	}
	for (unsigned i = 0; i < 1000000 && !spin_trylock(&log.lock); i++)
		cpu_relax();
}

bool log_shows(enum log_level level)
{
	return (int)level <= log.level;
}

void log_vprint(const char *prefix, const char *fmt, va_list ap)
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

	if (!log_shows(level))
		return;
	va_start(ap, fmt);
	log_vprint("", fmt, ap);
	va_end(ap);
}

static uint32_t ring_read(const struct log_ring *r, uint64_t *pos, char *buf, uint32_t size)
{
	uint64_t oldest = r->written > r->size ? r->written - r->size : 0;
	uint32_t n, at;

	if (*pos < oldest)
		*pos = oldest;
	if (*pos >= r->written)
		return 0;
	n = (uint32_t)MIN((uint64_t)size, r->written - *pos);
	at = (uint32_t)(*pos % r->size);
	for (uint32_t i = 0; i < n; i++) {
		buf[i] = r->data[at];
		at = at + 1 < r->size ? at + 1 : 0;
	}
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
