/* SPDX-License-Identifier: ISC */
/*
 * Device trees of the tests of booting: loaded, edited, read by the hypervisor, and dom0's made of
 * them.
 */
#ifndef TESTS_UNIT_HYPERVISOR_TREES_H
#define TESTS_UNIT_HYPERVISOR_TREES_H

#include <boot/bootinfo.h>
#include <boot/dom0.h>
#include <libfdt.h>

extern void *fdt; /* exactly as many bytes as it says: what is read beyond is noticed */
extern struct bootinfo bi;

/* For cmocka: before all tests, and after each. */
int trees_start(void **state);
int trees_tear_down(void **state);

/* A tree below DTB_DIR in bytes of its own. */
void *tree_read(const char *name);
/* fdt is this one from now on, or QEMU's with that version of the GIC, or none. */
void tree_load(const char *name);
void tree_load_virt(unsigned gic_version);
void tree_drop(void);

/* Room to edit, and back to the exact size. */
void tree_begin_edit(void);
void tree_end_edit(void);
int tree_node(const char *path);
void tree_set_cells(const char *path, const char *name, const uint32_t *cells, size_t nr);
#define TREE_SET_CELLS(path, name, ...)                             \
	tree_set_cells(path, name, (const uint32_t[]){__VA_ARGS__}, \
		       sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

/* fdt is read into bi. */
void boot_read(void);
/* What was logged since it was asked last. */
const char *boot_logged(void);

/* dom0's tree out of bi and a plan that is made up. As dom0_make_dt(). */
extern struct dom0_plan plan;
int tree_make_dom0(unsigned vcpus, void *to, size_t size);

#endif
