#include <sys/syscall.h>

#include "shim/number.h"
#include "shim/real.h"

/*
 * syscall(2): some programs close every descriptor by it.  All other numbers
 * are a jump to libc's with every register and the stack as they were, for one
 * of them may return twice.  The first call looks libc's up before that.
 */

#define TEXT(x) #x
#define NUMBER(x) TEXT(x)

#if defined(__x86_64__)
__asm__(".text\n"
        ".p2align 4\n"
        ".globl syscall\n"
        ".type syscall, @function\n"
        "syscall:\n"
        "	.cfi_startproc\n"
        "	endbr64\n"
        "	cmpq $" NUMBER(__NR_close) ", %rdi\n"
                                           "	je 2f\n"
                                           "	movq real_syscall(%rip), %rax\n"
                                           "	testq %rax, %rax\n"
                                           "	je 1f\n"
                                           "	jmp *%rax\n"
                                           "1:	pushq %rdi\n"
                                           "	pushq %rsi\n"
                                           "	pushq %rdx\n"
                                           "	pushq %rcx\n"
                                           "	pushq %r8\n"
                                           "	pushq %r9\n"
                                           "	subq $8, %rsp\n"
                                           "	.cfi_adjust_cfa_offset 56\n"
                                           "	call real_find_syscall\n"
                                           "	addq $8, %rsp\n"
                                           "	popq %r9\n"
                                           "	popq %r8\n"
                                           "	popq %rcx\n"
                                           "	popq %rdx\n"
                                           "	popq %rsi\n"
                                           "	popq %rdi\n"
                                           "	.cfi_adjust_cfa_offset -56\n"
                                           "	jmp *%rax\n"
                                           "2:	movl %esi, %edi\n"
                                           "	jmp number_close_long\n"
                                           "	.cfi_endproc\n"
                                           ".size syscall, . - syscall\n");
#elif defined(__aarch64__)
__asm__(
    ".text\n"
    ".p2align 4\n"
    ".globl syscall\n"
    ".type syscall, %function\n"
    "syscall:\n"
    "	.cfi_startproc\n"
    "	hint #34\n" /* a landing place for indirect jumps */
    "	cmp x0, #" NUMBER(__NR_close) "\n"
                                      "	b.eq 2f\n"
                                      "	adrp x16, real_syscall\n"
                                      "	ldr x16, [x16, #:lo12:real_syscall]\n"
                                      "	cbz x16, 1f\n"
                                      "	br x16\n"
                                      "1:	stp x29, x30, [sp, #-80]!\n"
                                      "	.cfi_adjust_cfa_offset 80\n"
                                      "	.cfi_offset x29, -80\n"
                                      "	.cfi_offset x30, -72\n"
                                      "	stp x0, x1, [sp, #16]\n"
                                      "	stp x2, x3, [sp, #32]\n"
                                      "	stp x4, x5, [sp, #48]\n"
                                      "	stp x6, x7, [sp, #64]\n"
                                      "	bl real_find_syscall\n"
                                      "	mov x16, x0\n"
                                      "	ldp x0, x1, [sp, #16]\n"
                                      "	ldp x2, x3, [sp, #32]\n"
                                      "	ldp x4, x5, [sp, #48]\n"
                                      "	ldp x6, x7, [sp, #64]\n"
                                      "	ldp x29, x30, [sp], #80\n"
                                      "	.cfi_adjust_cfa_offset -80\n"
                                      "	.cfi_restore x29\n"
                                      "	.cfi_restore x30\n"
                                      "	br x16\n"
                                      "2:	mov w0, w1\n"
                                      "	b number_close_long\n"
                                      "	.cfi_endproc\n"
                                      ".size syscall, . - syscall\n");
#endif
