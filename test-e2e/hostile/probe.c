/*
 * Makes the system calls named on its command line, one argument a call, and prints what each returned:
 *
 *     probe 'openat AT_FDCWD /etc/hostname O_RDONLY' 'read %1 buf 64' '!dump %2'
 *     openat = 3
 *     read = 9
 *     localhost
 *
 * Freestanding on purpose: no loader, no libc start-up, so the calls it makes are exactly those asked for, `write` for
 * the report and `exit_group`. Words of a call:
 *
 *     12  -1  0x1f  0644  a number                     O_RDWR|O_CREAT|1   constants, or-ed
 *     %2                  what the second call returned
 *     @gk  @ppid  @self   GATEKEEPER_PID, getppid(), getpid(); also inside a path: /proc/@gk/mem
 *     hi:WORD             WORD with rubbish in the upper half of the register
 *     /path  s:TEXT       a string; \n, \0, \s (blank) and \xHH are understood
 *     edge:TEXT           a string whose last byte is the last of its page, with nothing mapped behind it: no NUL
 *     split:TEXT          a string that lies across two mapped pages
 *     long:N              a path of N bytes (`/a/a/a…`)
 *     buf  null  bad      the shared buffer, 0, an address that is not mapped
 *     sp                  somewhere on a private scratch page, zeroed
 *     in4:ADDR:PORT in6:PORT mapped:ADDR:PORT un:PATH abs:NAME nl unspec:ADDR:PORT   a socket address (IPv4; ::1; an
 *                         IPv4 address within IPv6; an IPv4 address that says AF_UNSPEC); `len` after it is its length
 *     msg:ADDRESS mmsg:ADDRESS                            a message header with that address and one byte of data
 *     how:FLAGS:MODE:RESOLVE                              struct open_how
 *     owner:TYPE:PID                                      struct f_owner_ex
 *     fprog               a struct sock_fprog that hands every call to a listener
 *     argv:A:B            { "A", "B", NULL }
 *
 * A call starting with `~` is not reported. Others than calls:
 *
 *     !dump N  !print TEXT  !exit N  !fork (the rest runs in the child, whose status becomes ours)
 *     !int80 NR ARGS…  !x32 NAME ARGS…  !nr NR ARGS…  !segv  !env NAME  !argc
 */
typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;

#include <asm/unistd.h>

#include "consts.h"
#include "sysno.h"

#define MAX_CALLS 64
#define PAGE 4096UL

static char shared_buf[1 << 16];
static char pool[1 << 16] __attribute__((aligned(16)));
static u64 pool_used;
static long results[MAX_CALLS + 1];
static char **environment;
static u64 last_length;

void *memset(void *to, int byte, u64 count)
{
	char *bytes = to;

	while (count--)
		*bytes++ = (char)byte;
	return to;
}

void *memcpy(void *to, const void *from, u64 count)
{
	char *out = to;
	const char *in = from;

	while (count--)
		*out++ = *in++;
	return to;
}

u64 strlen(const char *text)
{
	u64 count = 0;

	while (text[count])
		count++;
	return count;
}

static int same(const char *left, const char *right)
{
	while (*left && *left == *right)
		left++, right++;
	return *left == *right;
}

static const char *after(const char *text, const char *prefix)
{
	while (*prefix)
		if (*text++ != *prefix++)
			return 0;
	return text;
}

static long raw(long nr, const long *args)
{
	long result;
	register long r10 __asm__("r10") = args[3];
	register long r8 __asm__("r8") = args[4];
	register long r9 __asm__("r9") = args[5];

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(nr), "D"(args[0]), "S"(args[1]), "d"(args[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static long call(long nr, long a, long b, long c, long d, long e, long f)
{
	long args[6] = { a, b, c, d, e, f };

	return raw(nr, args);
}

static long int80(long nr, const long *args)
{
	long result;

	/* ebp would be the sixth argument; no call of the tests needs it. */
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(nr), "b"(args[0]), "c"(args[1]), "d"(args[2]), "S"(args[3]), "D"(args[4])
			 : "r8", "r9", "r10", "r11", "memory");
	return (long)(int)result;
}

static void leave(int status)
{
	call(__NR_exit_group, status, 0, 0, 0, 0, 0);
	/* Where even that is refused there is one way left: SIGSEGV. */
	for (;;)
		__asm__ volatile("hlt");
}

static void out(const char *text, u64 count)
{
	call(__NR_write, 1, (long)text, (long)count, 0, 0, 0);
}

static void bug(const char *what, const char *where)
{
	call(__NR_write, 2, (long)"probe: ", 7, 0, 0, 0);
	call(__NR_write, 2, (long)what, (long)strlen(what), 0, 0, 0);
	call(__NR_write, 2, (long)": ", 2, 0, 0, 0);
	call(__NR_write, 2, (long)where, (long)strlen(where), 0, 0, 0);
	call(__NR_write, 2, (long)"\n", 1, 0, 0, 0);
	leave(99);
}

static void *room(u64 count)
{
	void *found = pool + pool_used;

	pool_used += (count + 15) & ~15UL;
	if (pool_used > sizeof(pool))
		bug("out of memory", "");
	return found;
}

static char *append_number(char *to, long value)
{
	char digits[24];
	int count = 0;
	u64 rest = value < 0 ? (u64)-value : (u64)value;

	if (value < 0)
		*to++ = '-';
	do {
		digits[count++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	while (count)
		*to++ = digits[--count];
	return to;
}

static int hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

/* Returns 0 where the text is not a number through and through. */
static int number(const char *text, long *value)
{
	u64 base = 10, sum = 0;
	int negative = *text == '-';

	text += negative;
	if (text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
	} else if (text[0] == '0' && text[1]) {
		base = 8;
	}
	if (!*text)
		return 0;
	for (; *text; text++) {
		int digit = hex(*text);

		if (digit < 0 || (u64)digit >= base)
			return 0;
		sum = sum * base + (u64)digit;
	}
	*value = negative ? -(long)sum : (long)sum;
	return 1;
}

static const char *variable(const char *name)
{
	for (char **at = environment; *at; at++) {
		const char *value = after(*at, name);

		if (value && *value == '=')
			return value + 1;
	}
	return "";
}

/* Understands `@gk` and its like at the start of `text`; returns what follows, or 0. */
static const char *process_id(const char *text, long *pid)
{
	const char *rest;

	if ((rest = after(text, "@gk"))) {
		if (!number(variable("GATEKEEPER_PID"), pid))
			bug("no GATEKEEPER_PID", text);
	} else if ((rest = after(text, "@ppid"))) {
		*pid = call(__NR_getppid, 0, 0, 0, 0, 0, 0);
	} else if ((rest = after(text, "@self"))) {
		*pid = call(__NR_getpid, 0, 0, 0, 0, 0, 0);
	}
	return rest;
}

/* Copies a word with its escapes resolved; returns where the copy ends (a NUL is there). */
static char *unescape(char *to, const char *from)
{
	long pid;

	while (*from) {
		const char *rest = process_id(from, &pid);

		if (rest) {
			to = append_number(to, pid);
			from = rest;
		} else if (*from == '%' && from[1] >= '0' && from[1] <= '9') {
			int call = 0;

			for (from++; *from >= '0' && *from <= '9'; from++)
				call = call * 10 + *from - '0';
			if (call > MAX_CALLS)
				bug("no such result", from);
			to = append_number(to, results[call]);
		} else if (*from == '\\' && from[1] == 'n') {
			*to++ = '\n';
			from += 2;
		} else if (*from == '\\' && from[1] == 's') {
			*to++ = ' ';
			from += 2;
		} else if (*from == '\\' && from[1] == '0') {
			*to++ = 0;
			from += 2;
		} else if (*from == '\\' && from[1] == 'x') {
			*to++ = (char)(hex(from[2]) << 4 | hex(from[3]));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = 0;
	return to;
}

static char *string(const char *text)
{
	char *copy = room(strlen(text) * 2 + 32);

	last_length = (u64)(unescape(copy, text) - copy);
	return copy;
}

/* A string of `count` bytes whose last byte is the last one of the first of two pages; the second is unmapped, or not. */
static char *at_page_end(const char *text, int unmap, u64 beyond)
{
	const char *plain = string(text);
	u64 count = last_length;
	char *pages = (char *)call(__NR_mmap, 0, 2 * PAGE, 3, 0x22, -1, 0);
	char *start = pages + PAGE - (count - beyond);

	memcpy(start, plain, count);
	if (unmap)
		call(__NR_munmap, (long)(pages + PAGE), PAGE, 0, 0, 0, 0);
	return start;
}

static char *long_path(const char *text)
{
	long count;
	char *path;

	if (!number(text, &count) || count > 30000)
		bug("bad length", text);
	path = room((u64)count + 1);
	for (long at = 0; at < count; at++)
		path[at] = at % 2 ? 'a' : '/';
	path[count] = 0;
	last_length = (u64)count;
	return path;
}

static u16 port_of(const char *text)
{
	long port;

	if (!number(text, &port))
		bug("bad port", text);
	return (u16)((port & 0xff) << 8 | (port >> 8 & 0xff));
}

static void *ipv4(const char *text)
{
	u8 *address = room(16);
	u32 byte = 0;
	int at = 4;

	*(u16 *)address = 2;
	for (; *text && *text != ':'; text++) {
		if (*text == '.') {
			address[at++] = (u8)byte;
			byte = 0;
		} else {
			byte = byte * 10 + (u32)(*text - '0');
		}
	}
	address[at] = (u8)byte;
	*(u16 *)(address + 2) = port_of(text + 1);
	last_length = 16;
	return address;
}

/* ::ffff:ADDR, which an IPv6 socket sends over IPv4. */
static void *mapped(const char *text)
{
	u8 *plain = ipv4(text);
	u8 *address = room(28);

	*(u16 *)address = 10;
	memcpy(address + 2, plain + 2, 2);
	address[18] = address[19] = 0xff;
	memcpy(address + 20, plain + 4, 4);
	last_length = 28;
	return address;
}

static void *ipv6_loopback(const char *port)
{
	u8 *address = room(28);

	*(u16 *)address = 10;
	*(u16 *)(address + 2) = port_of(port);
	address[23] = 1;
	last_length = 28;
	return address;
}

static void *local(const char *path, int abstract)
{
	char *address = room(112);
	const char *plain = string(path);
	u64 count = last_length;

	*(u16 *)address = 1;
	memcpy(address + 2 + abstract, plain, count);
	last_length = 2 + count + 1;
	return address;
}

static void *address(const char *text)
{
	const char *rest;

	if ((rest = after(text, "in4:")))
		return ipv4(rest);
	if ((rest = after(text, "in6:")))
		return ipv6_loopback(rest);
	if ((rest = after(text, "un:")))
		return local(rest, 0);
	if ((rest = after(text, "abs:")))
		return local(rest, 1);
	if (same(text, "nl")) {
		u8 *netlink = room(12);

		*(u16 *)netlink = 16;
		last_length = 12;
		return netlink;
	}
	if ((rest = after(text, "mapped:")))
		return mapped(rest);
	if ((rest = after(text, "unspec:"))) {
		u8 *plain = ipv4(rest);

		*(u16 *)plain = 0;
		return plain;
	}
	return 0;
}

/* struct msghdr; `many` puts it first in a struct mmsghdr, which has the same beginning. */
static void *message(const char *text)
{
	u64 *header = room(64);
	u64 *vector = room(16);

	header[0] = (u64)(same(text, "none") ? 0 : address(text));
	header[1] = header[0] ? last_length : 0;
	vector[0] = (u64)string("m");
	vector[1] = 1;
	header[2] = (u64)vector;
	header[3] = 1;
	return header;
}

static long value(const char *word);

static char *cut(char *text, char at)
{
	for (; *text; text++)
		if (*text == at) {
			*text = 0;
			return text + 1;
		}
	return text;
}

static void *open_how(const char *text)
{
	u64 *how = room(24);
	char *flags = string(text);
	char *mode = cut(flags, ':');
	char *resolve = cut(mode, ':');

	how[0] = (u64)value(flags);
	how[1] = *mode ? (u64)value(mode) : 0;
	how[2] = *resolve ? (u64)value(resolve) : 0;
	return how;
}

static void *owner(const char *text)
{
	u32 *owner = room(8);
	char *type = string(text);

	owner[1] = (u32)value(cut(type, ':'));
	owner[0] = (u32)value(type);
	return owner;
}

static void *listener_program(void)
{
	u64 *program = room(16);
	u64 *code = room(8);

	*code = 0x7fc0000000000006UL; /* BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF */
	*(u16 *)program = 1;
	program[1] = (u64)code;
	return program;
}

static void *vector(const char *text)
{
	char **list = room(8 * 8);
	char *rest = string(text);
	int count = 0;

	while (*rest && count < 7) {
		list[count++] = rest;
		rest = cut(rest, ':');
	}
	return list;
}

static int constant(const char *name, u64 count, long *value)
{
	for (u64 at = 0; at < sizeof(constants) / sizeof(constants[0]); at++) {
		const char *rest = after(name, constants[at].name);

		if (rest && (u64)(rest - name) == count) {
			*value = constants[at].value;
			return 1;
		}
	}
	return 0;
}

static int or_ed(const char *text, long *value)
{
	*value = 0;
	for (;;) {
		u64 count = 0;
		char part[64];
		long one;

		while (text[count] && text[count] != '|')
			count++;
		if (count >= sizeof(part))
			return 0;
		memcpy(part, text, count);
		part[count] = 0;
		if (!constant(text, count, &one) && !number(part, &one))
			return 0;
		*value |= one;
		if (!text[count])
			return 1;
		text += count + 1;
	}
}

static long value(const char *word)
{
	const char *rest;
	long number_of;
	void *pointer;

	if (number(word, &number_of) || or_ed(word, &number_of))
		return number_of;
	if (*word == '%' && number(word + 1, &number_of) && number_of <= MAX_CALLS)
		return results[number_of];
	if ((rest = process_id(word, &number_of)) && !*rest)
		return number_of;
	if ((rest = after(word, "hi:")))
		return (long)(0x5a5a5a5a00000000UL | (u32)value(rest));
	if (*word == '/' || *word == '.')
		return (long)string(word);
	if ((rest = after(word, "s:")))
		return (long)string(rest);
	if ((rest = after(word, "edge:")))
		return (long)at_page_end(rest, 1, 0);
	if ((rest = after(word, "split:")))
		return (long)at_page_end(rest, 0, 3);
	if ((rest = after(word, "long:")))
		return (long)long_path(rest);
	if (same(word, "buf"))
		return (long)shared_buf;
	if (same(word, "null"))
		return 0;
	if (same(word, "bad"))
		return 0x10;
	if (same(word, "sp"))
		return (long)room(256);
	if (same(word, "len"))
		return (long)last_length;
	if (same(word, "fprog"))
		return (long)listener_program();
	if ((rest = after(word, "msg:")) || (rest = after(word, "mmsg:")))
		return (long)message(rest);
	if ((rest = after(word, "how:")))
		return (long)open_how(rest);
	if ((rest = after(word, "owner:")))
		return (long)owner(rest);
	if ((rest = after(word, "argv:")))
		return (long)vector(rest);
	if ((pointer = address(word)))
		return (long)pointer;
	bug("cannot read the word", word);
	return 0;
}

static long sysno(const char *name)
{
	for (u64 at = 0; at < sizeof(sysnos) / sizeof(sysnos[0]); at++)
		if (same(sysnos[at].name, name))
			return sysnos[at].nr;
	bug("no such call", name);
	return -1;
}

static void report(const char *name, long result)
{
	char line[128];
	char *at = line;

	while (*name && at < line + 64)
		*at++ = *name++;
	memcpy(at, " = ", 3);
	at += 3;
	if (result < 0 && result > -4096) {
		const char *errno_name = 0;

		for (u64 i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
			if (errnos[i].value == -result)
				errno_name = errnos[i].name;
		memcpy(at, "-1 ", 3);
		at += 3;
		if (errno_name) {
			memcpy(at, errno_name, strlen(errno_name));
			at += strlen(errno_name);
		} else {
			at = append_number(at, -result);
		}
	} else {
		at = append_number(at, result);
	}
	*at++ = '\n';
	out(line, (u64)(at - line));
}

static int words(char *text, char **list, int limit)
{
	int count = 0;

	while (*text && count < limit) {
		while (*text == ' ')
			*text++ = 0;
		if (!*text)
			break;
		list[count++] = text;
		while (*text && *text != ' ')
			text++;
	}
	return count;
}

static void wait_for(long child)
{
	int status = 0;

	while (call(__NR_wait4, child, (long)&status, 0, 0, 0, 0) == -4)
		;
	if ((status & 0x7f) == 0)
		leave(status >> 8 & 0xff);
	leave(128 + (status & 0x7f));
}

static long foreign(const char *kind, char **list, int count, const long *args)
{
	long nr;

	if (count < 2)
		bug("no number", kind);
	if (same(kind, "!x32"))
		return raw(sysno(list[1]) | 0x40000000, args + 1);
	if (!number(list[1], &nr))
		bug("bad number", list[1]);
	if (same(kind, "!int80"))
		return int80(nr, args + 1);
	return raw(nr, args + 1);
}

static long special(char **list, int count, const long *args)
{
	const char *kind = list[0];

	if (same(kind, "!int80") || same(kind, "!x32") || same(kind, "!nr")) {
		long result = foreign(kind, list, count, args);

		report(list[0], result);
		return result;
	}
	if (same(kind, "!dump")) {
		if (args[0] > 0)
			out(shared_buf, (u64)args[0]);
	} else if (same(kind, "!print")) {
		const char *text = string(list[1]);

		out(text, last_length);
		out("\n", 1);
	} else if (same(kind, "!env")) {
		const char *text = variable(list[1]);

		out(text, strlen(text));
		out("\n", 1);
	} else if (same(kind, "!exit")) {
		leave((int)args[0]);
	} else if (same(kind, "!fork")) {
		long child = call(__NR_fork, 0, 0, 0, 0, 0, 0);

		if (child > 0)
			wait_for(child);
		if (child < 0)
			report("fork", child);
		return child;
	} else if (same(kind, "!segv")) {
		*(volatile int *)8 = 1;
	} else {
		bug("no such operation", kind);
	}
	return 0;
}

static long perform(char *text)
{
	char *list[8] = { 0 };
	long args[8] = { 0 };
	int quiet = *text == '~';
	int count = words(text + quiet, list, 8);
	int named = count && (same(list[0], "!x32") || same(list[0], "!print") || same(list[0], "!env"));
	long result;

	if (!count)
		bug("empty call", text);
	last_length = 0;
	for (int at = named ? 2 : 1; at < count; at++)
		args[at - 1] = value(list[at]);
	if (*list[0] == '!')
		return special(list, count, args);
	result = raw(sysno(list[0]), args);
	if (!quiet)
		report(list[0], result);
	return result;
}

__attribute__((used)) void begin(long *stack)
{
	long count = stack[0];
	char **arguments = (char **)(stack + 1);

	environment = arguments + count + 1;
	for (long at = 1; at < count && at <= MAX_CALLS; at++)
		results[at] = perform(arguments[at]);
	leave(0);
}

__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n\thlt\n");
