/* SPDX-License-Identifier: ISC */
/*
 * The emulated UART: registers of Arm's PL011 (DDI 0183, chapter 3), of which only those that the
 * SBSA generic UART (Server Base System Architecture, appendix B) has do something.
 *
 * What is in the ring has been sent, as far as the guest can tell: the transmitter is busy only
 * while the ring is full. The receive FIFO is the other half of the ring, its trigger level one
 * byte, and bytes that wait have always waited long enough for the timeout interrupt.
 */
#include <lib/atomic.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <vdev/mmio.h>
#include <mem/page.h>
#include <vdev/vpl011.h>
#include <public/arch-arm.h>
#include <public/io/console.h>

/* UARTFR */
#define FR_BUSY BIT(3)
#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define FR_RXFF BIT(6)
#define FR_TXFE BIT(7)

/* UARTIMSC, UARTRIS, UARTMIS, UARTICR */
#define INT_RX   BIT(4)
#define INT_TX   BIT(5)
#define INT_RT   BIT(6)
#define INT_MASK 0x7ffu

/* Half of the FIFO of 32 that a driver of an SBSA UART counts on: so much it writes unasked. */
#define TX_TRIGGER 16u

static unsigned rx_level(const struct vpl011 *u)
{
	unsigned level = atomic_load_acq(&u->ring->in_prod) - atomic_load(&u->in_cons);

	return level <= sizeof(u->ring->in) ? level : 0;
}

static unsigned tx_room(const struct vpl011 *u)
{
	unsigned level = atomic_load(&u->out_prod) - atomic_load_acq(&u->ring->out_cons);

	return level <= sizeof(u->ring->out) ? (unsigned)sizeof(u->ring->out) - level : 0;
}

static void update_line(struct domain *d)
{
	vgic_set_spi_level(d, GUEST_VPL011_SPI, (d->vuart.ris & d->vuart.imsc) != 0);
}

static void set_raw(struct vpl011 *u, uint16_t bits, bool on)
{
	WRITE_ONCE(u->ris, on ? u->ris | bits : u->ris & (uint16_t)~bits);
}

/* The daemon has put something into the ring, or taken something out of it. */
static void ring_changed(struct domain *d)
{
	struct vpl011 *u = &d->vuart;

	spin_lock(&u->lock);
	if (rx_level(u))
		set_raw(u, INT_RX | INT_RT, true);
	if (u->tx_waits && tx_room(u) >= TX_TRIGGER) {
		u->tx_waits = false;
		set_raw(u, INT_TX, true);
	}
	update_line(d);
	spin_unlock(&u->lock);
}

/* What is written while there is no room is lost, as with the device. */
static void transmit(struct domain *d, char byte)
{
	struct vpl011 *u = &d->vuart;
	unsigned room;
	bool sent;

	spin_lock(&u->lock);
	room = tx_room(u);
	sent = room > 0;
	if (sent) {
		u->ring->out[u->out_prod % sizeof(u->ring->out)] = byte;
		atomic_store(&u->out_prod, u->out_prod + 1);
		/* The byte before the index; pairs with the daemon's barrier between them. */
		atomic_store_rel(&u->ring->out_prod, u->out_prod);
		room--;
	}
	u->tx_waits = room < TX_TRIGGER;
	set_raw(u, INT_TX, !u->tx_waits);
	update_line(d);
	spin_unlock(&u->lock);
	if (sent)
		(void)evtchn_send(d, u->port);
}

static uint8_t receive(struct domain *d)
{
	struct vpl011 *u = &d->vuart;
	uint8_t byte = 0;
	unsigned level;
	bool took;

	spin_lock(&u->lock);
	level = rx_level(u);
	took = level > 0;
	if (took) {
		byte = (uint8_t)READ_ONCE(u->ring->in[u->in_cons % sizeof(u->ring->in)]);
		atomic_store(&u->in_cons, u->in_cons + 1);
		/*
		 * The byte is read before its place is given back; pairs with the daemon's barrier.
		 */
		atomic_store_rel(&u->ring->in_cons, u->in_cons);
		level--;
	}
	set_raw(u, INT_RX | INT_RT, level > 0);
	update_line(d);
	spin_unlock(&u->lock);
	/* Not for each byte: a daemon that has more waits for room, or wants to know of the end. */
	if (took && (level == 0 || level == sizeof(u->ring->in) / 2))
		(void)evtchn_send(d, u->port);
	return byte;
}

/* Registers. All are 32 bits wide and may be accessed in parts. */

static uint32_t merge(unsigned offset, unsigned size, uint64_t value, uint32_t old)
{
	uint32_t mask = (uint32_t)(BIT64(8 * size) - 1) << (8 * offset);

	return (old & ~mask) | ((uint32_t)value << (8 * offset) & mask);
}

/* The error flags above the data are always clear. */
static uint64_t dr_read(struct vcpu *v, const struct mmio_reg *r __unused, unsigned offset,
			unsigned size __unused)
{
	return offset == 0 ? receive(v->domain) : 0;
}

static void dr_write(struct vcpu *v, const struct mmio_reg *r __unused, unsigned offset,
		     unsigned size __unused, uint64_t value)
{
	if (offset == 0)
		transmit(v->domain, (char)value);
}

/* What is true at one moment, so no lock is needed. */
static uint64_t fr_read(struct vcpu *v, const struct mmio_reg *r __unused, unsigned offset,
			unsigned size __unused)
{
	const struct vpl011 *u = &v->domain->vuart;
	unsigned level = rx_level(u);
	uint32_t flags = tx_room(u) ? FR_TXFE : FR_TXFF | FR_BUSY;

	if (level == 0)
		flags |= FR_RXFE;
	else if (level == sizeof(u->ring->in))
		flags |= FR_RXFF;
	return flags >> (8 * offset);
}

static uint64_t imsc_read(struct vcpu *v, const struct mmio_reg *r __unused, unsigned offset,
			  unsigned size __unused)
{
	return (uint32_t)READ_ONCE(v->domain->vuart.imsc) >> (8 * offset);
}

static void imsc_write(struct vcpu *v, const struct mmio_reg *r __unused, unsigned offset,
		       unsigned size, uint64_t value)
{
	struct vpl011 *u = &v->domain->vuart;

	spin_lock(&u->lock);
	WRITE_ONCE(u->imsc, (uint16_t)(merge(offset, size, value, u->imsc) & INT_MASK));
	update_line(v->domain);
	spin_unlock(&u->lock);
}

static uint64_t ris_read(struct vcpu *v, const struct mmio_reg *r __unused, unsigned offset,
			 unsigned size __unused)
{
	return (uint32_t)READ_ONCE(v->domain->vuart.ris) >> (8 * offset);
}

static uint64_t mis_read(struct vcpu *v, const struct mmio_reg *r __unused, unsigned offset,
			 unsigned size __unused)
{
	const struct vpl011 *u = &v->domain->vuart;

	return (uint32_t)(READ_ONCE(u->ris) & READ_ONCE(u->imsc)) >> (8 * offset);
}

static void icr_write(struct vcpu *v, const struct mmio_reg *r __unused, unsigned offset,
		      unsigned size, uint64_t value)
{
	struct vpl011 *u = &v->domain->vuart;

	spin_lock(&u->lock);
	set_raw(u, (uint16_t)merge(offset, size, value, 0), false);
	update_line(v->domain);
	spin_unlock(&u->lock);
}

#define REG(at, ...)                                                          \
	{                                                                     \
		.offset = (at), .length = 4, .widths = 1 | 2 | 4, __VA_ARGS__ \
	}

/* What is missing reads as zero: no errors (UARTRSR), no line to configure. */
static const struct mmio_reg regs_rows[] = {
	REG(0x000, .read = dr_read, .write = dr_write), /* UARTDR */
	REG(0x004),                                     /* UARTRSR, UARTECR */
	REG(0x018, .read = fr_read),                    /* UARTFR */
	REG(0x038, .read = imsc_read, .write = imsc_write),
	REG(0x03c, .read = ris_read),
	REG(0x040, .read = mis_read),
	REG(0x044, .write = icr_write),
	MMIO_END,
};
MMIO_TABLE(regs, GUEST_PL011_SIZE);

void vpl011_init(void)
{
	mmio_table_init(&regs);
}

static struct mmio_result read_register(struct vcpu *v, uint64_t offset, unsigned size,
					const void *table)
{
	return v->domain->vuart.ring ? mmio_table_read(v, offset, size, table) : MMIO_REFUSED;
}

static bool write_register(struct vcpu *v, uint64_t offset, unsigned size, uint64_t value,
			   const void *table)
{
	return v->domain->vuart.ring && mmio_table_write(v, offset, size, value, table);
}

static const struct mmio_device uart = {read_register, write_register};

/* Life. */

static int check(const struct domain *d)
{
	if (d->state != DOMAIN_BUILDING || d->vuart.ring)
		return -EBUSY;
	return d->vgic.nr_spis > GUEST_VPL011_SPI - NR_LOCALS ? 0 : -EINVAL;
}

/* Whatever was in the page before, this is where both sides begin. */
static void open_ring(struct vpl011 *u, mfn_t mfn)
{
	struct xencons_interface *ring = map_page(mfn);

	ring->in_cons = ring->in_prod = 0;
	ring->out_cons = ring->out_prod = 0;
	spin_lock_init(&u->lock, RANK_VUART);
	u->mfn = mfn;
	u->ring = ring;
}

static void close_ring(struct vpl011 *u)
{
	unmap_page(u->ring);
	u->ring = NULL;
}

/* The port comes last: from then on somebody may send. d->lock keeps d from being taken apart. */
static int connect(struct domain *d, domid_t console, mfn_t mfn)
{
	struct vpl011 *u = &d->vuart;
	int err;

	spin_lock(&d->lock);
	err = check(d);
	if (err)
		goto unlock;
	open_ring(u, mfn);
	err = mmio_register(d, GUEST_PL011_BASE, GUEST_PL011_SIZE, &uart, &regs);
	if (!err)
		err = evtchn_alloc_hyp(d, console, ring_changed, &u->port);
	if (err)
		close_ring(u); /* and access() refuses, as if there were no device */
unlock:
	spin_unlock(&d->lock);
	return err;
}

int vpl011_create(struct domain *d, domid_t console, gfn_t gfn, uint32_t *port)
{
	mfn_t mfn;
	int err;

	if (p2m_get_page(d, gfn, true, &mfn) != 0)
		return -EINVAL;
	err = connect(d, console, mfn);
	if (err)
		page_put(mfn);
	else
		*port = d->vuart.port;
	return err;
}

int vpl011_relinquish(struct domain *d)
{
	if (d->vuart.ring) {
		close_ring(&d->vuart);
		page_put(d->vuart.mfn);
	}
	return 0;
}
