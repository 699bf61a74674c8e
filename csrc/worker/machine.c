/* machine.c - what the registers of each machine say of a fault. */
#define _GNU_SOURCE
#include "report.h"

#if defined(__x86_64__)
void machine_take(mh_crash *crash, const ucontext_t *context) {
    const greg_t *registers = context->uc_mcontext.gregs;
    crash->register_count = REG_RIP + 1;
    for (int i = 0; i <= REG_RIP; i++)
        crash->registers[i] = (uint64_t)registers[i];
    crash->pc = (uint64_t)registers[REG_RIP];
    crash->sp = (uint64_t)registers[REG_RSP];
    crash->writes = registers[REG_TRAPNO] == 14 && (registers[REG_ERR] & 2) != 0;
}

uint64_t machine_leave_wild_frame(ucontext_t *context) {
    greg_t *registers = context->uc_mcontext.gregs;
    uint64_t address;
    memcpy(&address, (const void *)(uintptr_t)registers[REG_RSP], sizeof address);
    registers[REG_RSP] += 8;
    registers[REG_RIP] = (greg_t)(address - 1);
    return address - 1;
}
#elif defined(__aarch64__)
void machine_take(mh_crash *crash, const ucontext_t *context) {
    const mcontext_t *machine = &context->uc_mcontext;
    crash->register_count = 33;
    memcpy(crash->registers, machine->regs, 31 * sizeof(uint64_t));
    crash->registers[31] = crash->sp = machine->sp;
    crash->registers[32] = crash->pc = machine->pc;
}

uint64_t machine_leave_wild_frame(ucontext_t *context) {
    context->uc_mcontext.pc = context->uc_mcontext.regs[30] - 4;
    return context->uc_mcontext.pc;
}
#else
#error "crash reports are written for x86-64 and aarch64; add how this machine keeps its registers"
#endif
