/* SPDX-License-Identifier: ISC */
/*
 * The part of QEMU 7.2's TCG plugin interface (version 1) that the counter uses, declared here
 * because Debian ships no header for it; and the few functions of QEMU and GLib that QEMU's binary
 * exports to its own modules.
 */
#ifndef QEMU_PLUGIN_H
#define QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUGIN_EXPORT  __attribute__((visibility("default")))
#define PLUGIN_VERSION 1

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
struct plugin_info; /* of no interest */

enum plugin_cb_flags { PLUGIN_NO_REGS = 0 };
enum plugin_op { PLUGIN_ADD_U64 = 0 };
enum plugin_mem_rw { PLUGIN_MEM_RW = 3 };

/* What the plugin defines. */
extern PLUGIN_EXPORT int qemu_plugin_version;
PLUGIN_EXPORT int qemu_plugin_install(plugin_id id, const struct plugin_info *info, int argc,
				      char **argv);

/* When a block is translated, and what it consists of. */
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
					   void (*cb)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(plugin_id id, void (*cb)(plugin_id, void *), void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

/* What happens when it is executed. */
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  void (*cb)(unsigned vcpu, void *arg),
					  enum plugin_cb_flags flags, void *arg);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned vcpu, void *arg),
					    enum plugin_cb_flags flags, void *arg);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, enum plugin_op op,
						void *counter, uint64_t value);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      void (*cb)(unsigned vcpu, uint32_t meminfo, uint64_t va,
						 void *arg),
				      enum plugin_cb_flags flags, enum plugin_mem_rw rw, void *arg);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t meminfo, uint64_t va);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *address);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *address);

/* Inside QEMU: the CPU that this thread runs, its registers by gdb's numbers, and a request to give
 * way. */
struct cpu_state;
struct byte_array {
	uint8_t *data;
	unsigned length;
};
extern __thread struct cpu_state *current_cpu;
int aarch64_cpu_gdb_read_register(struct cpu_state *cpu, struct byte_array *out, int number);
void cpu_exit(struct cpu_state *cpu);
struct byte_array *g_byte_array_new(void);
struct byte_array *g_byte_array_set_size(struct byte_array *array, unsigned length);

#endif
