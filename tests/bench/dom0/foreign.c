/* SPDX-License-Identifier: ISC */
/*
 * Maps a page of another domain into dom0 and unmaps it, again and again, between markers: foreign
 * DOMID
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

void marker_set(unsigned long number);

#define FOREIGN_MAP   26
#define FOREIGN_UNMAP 28
#define ROUNDS        14
#define GUEST_RAM_GFN 0x40000 /* of any guest on ARM */
#define PAGE          4096

/* linux/include/uapi/xen/privcmd.h */
struct privcmd_mmapbatch_v2 {
	unsigned num;
	uint16_t dom;
	uint64_t addr;
	const uint64_t *arr;
	int *err;
};
#define IOCTL_PRIVCMD_MMAPBATCH_V2 _IOC(_IOC_NONE, 'P', 4, sizeof(struct privcmd_mmapbatch_v2))

static void map_once(int fd, uint16_t domid)
{
	uint64_t gfn = GUEST_RAM_GFN;
	int error = 0;
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	struct privcmd_mmapbatch_v2 batch = {1, domid, (uintptr_t)page, &gfn, &error};

	if (page == MAP_FAILED)
		err(1, "mmap");
	marker_set(FOREIGN_MAP);
	if (ioctl(fd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) || error)
		err(1, "mapping a page of domain %u (%d)", domid, error);
	marker_set(FOREIGN_MAP + 1);
	marker_set(FOREIGN_UNMAP);
	munmap(page, PAGE);
	marker_set(FOREIGN_UNMAP + 1);
}

int main(int argc, char **argv)
{
	int fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);

	if (argc != 2)
		errx(2, "usage: foreign DOMID");
	if (fd < 0)
		err(1, "/dev/xen/privcmd");
	for (int n = 0; n < ROUNDS; n++)
		map_once(fd, (uint16_t)atoi(argv[1]));
	return 0;
}
