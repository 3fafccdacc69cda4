/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_COMMANDS_H
#define RP_COMMAND_COMMANDS_H

#include <stdbool.h>

#include "verifier/command/options.h"

struct rp_buf;
struct rp_err;

/* The subcommands, each at the end of its own file. */
extern const struct rp_command rp_command_keygen;
extern const struct rp_command rp_command_seal;
extern const struct rp_command rp_command_verify;
extern const struct rp_command rp_command_selftest;
extern const struct rp_command rp_command_points;
extern const struct rp_command rp_command_show;
extern const struct rp_command rp_command_report;
extern const struct rp_command rp_command_history;
extern const struct rp_command rp_command_sign;
extern const struct rp_command rp_command_stamp;
extern const struct rp_command rp_command_doctor;
extern const struct rp_command rp_command_help;

/* What several of them need. */

/* doctor_config.c: append every target with the settings a run would get, and where each of them stands. */
int rp_doctor_config(struct rp_buf *out, const char *path, struct rp_err **err);

/* Write it to standard output, and see that it arrived: a full disk behind '>' must not read as success. 0 or
 * -1. */
int rp_command_print(const struct rp_buf *out, struct rp_err **err);
/* How many connections to open: as asked for, or one per core that we may use. */
unsigned rp_command_jobs(uint64_t asked);
/* Colour on standard output? NO_COLOR, TERM and whether it is a terminal decide. */
bool rp_command_color(void);
/* Columns of the terminal that standard output is; 0: it is none, or does not tell. */
unsigned rp_command_width(void);
/* Print an error and its hint to standard error, control characters made visible. */
void rp_command_complain(const struct rp_err *err);

#endif
