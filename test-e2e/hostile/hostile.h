/* What the hostile programs share. Each is a function that gets its own arguments and returns an exit status. */
#ifndef HOSTILE_H
#define HOSTILE_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* A bounded number of tries at something forbidden. */
struct tries {
	long attempts;
	long wins;    /* the forbidden thing happened */
	long allowed; /* the permitted thing happened, which shows that the race was on */
	long refused;
};

/* Whether there is another try: until `HOSTILE_TRIES` (20000) or `HOSTILE_SECONDS` (2) are used up. */
int another(struct tries *tries);
/* Prints `attempts=… wins=… allowed=… refused=…`. */
int report(const struct tries *tries);

/* Two texts of one length that differ within eight bytes, in memory that flips between them with single stores. */
struct flip {
	char *text;
	uint64_t *word;
	uint64_t first;
	uint64_t second;
	volatile int stop;
	pthread_t thread;
	pid_t process;
};

void flip_bytes(struct flip *flip, const void *first, const void *second, size_t count, int shared);
void flip_by_thread(struct flip *flip);
void flip_by_process(struct flip *flip);
void flip_end(struct flip *flip);

void fatal(const char *what);
const char *errno_name(int error);

#endif
