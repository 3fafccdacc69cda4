/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "tests/unit/checks_lib.h"
#include "verifier/recovery/artifact.h"
#include "verifier/recovery/format.h"

extern const struct rp_check rp_check_artifact_digest, rp_check_relation_rows, rp_check_restore_time;

/* Files of a server that were not recovered to the sealed moment: what differs may have been written since, whatever it
 * is; once they were, it is damage. */
static void a_physical_backup_is_compared_at_the_sealed_moment_alone(void **state)
{
	static const struct rp_format files = {.name = "files", .physical = true};
	(void)state;
	for (int exact = 0; exact < 2; exact++) {
		struct all a;
		struct rp_artifact artifact = {.exact = exact};
		begin(&a);
		add_relation(a.sealed, "public.orders", 10, 1, 1);
		add_relation(a.found, "public.orders", 11, 2, 2);
		compare(&a);
		a.e.artifact = &artifact;
		a.e.restored.format = &files;
		ask_one(&a, &rp_check_relation_rows);
		assert_int_equal(answer(&a, "relation.rows", 0)->verdict, exact ? RP_FAIL : RP_ERROR);
		assert_int_equal(answer(&a, "relation.rows", 0)->cause, exact ? RP_BY_DAMAGE : RP_BY_MOMENT);
		end(&a);
	}
}

static void a_dump_sealed_for_a_physical_backup_too_does_not_stand_for_it(void **state)
{
	static const struct rp_format files = {.name = "files", .physical = true}, dump = {.name = "dump"};
	static const struct rp_fact by = {RP_FACT_RECOVERY_BY, "logical slot"};
	char was[] = "shop.dump", is[] = "base.tar";
	struct rp_file sealed = {.name = was, .digested = true, .sha256 = {1}};
	struct rp_file found = {.name = is, .digested = true, .sha256 = {2}};
	(void)state;
	for (int physical = 0; physical < 2; physical++) {
		struct all a;
		struct rp_artifact artifact = {.files = &found, .n_files = 1, .exact = true};
		begin(&a);
		compare(&a);
		a.sealed->position.facts = &by;
		a.sealed->position.n_facts = 1;
		a.manifest.files = &sealed;
		a.manifest.n_files = 1;
		a.e.artifact = &artifact;
		a.e.restored.format = physical ? &files : &dump;
		ask_one(&a, &rp_check_artifact_digest);
		/* No strong digest is here to stand for it. */
		assert_int_equal(answer(&a, "artifact.digest", 0)->verdict, physical ? RP_NOT_RUN : RP_FAIL);
		end(&a);
	}
}

static void one_file_is_the_same_backup_under_any_name(void **state)
{
	struct all a;
	char was[] = "shop.dump", is[] = "shop-2026.dump";
	struct rp_file sealed = {.name = was, .size = 5, .digested = true, .sha256 = {1}};
	struct rp_file found = {.name = is, .size = 5, .digested = true, .sha256 = {1}};
	struct rp_artifact artifact = {.files = &found, .n_files = 1};
	(void)state;
	begin(&a);
	compare(&a);
	a.manifest.files = &sealed;
	a.manifest.n_files = 1;
	a.e.artifact = &artifact;
	ask_one(&a, &rp_check_artifact_digest);
	assert_int_equal(answer(&a, "artifact.digest", 0)->verdict, RP_PASS);
	end(&a);
	for (int how = 0; how < 2; how++) {
		begin(&a);
		compare(&a);
		a.manifest.files = &sealed;
		a.manifest.n_files = 1;
		a.e.artifact = &artifact;
		found.sha256[0] = 2;
		found.digested = how == 0;
		ask_one(&a, &rp_check_artifact_digest);
		assert_int_equal(answer(&a, "artifact.digest", 0)->verdict, how == 0 ? RP_FAIL : RP_ERROR);
		end(&a);
	}
}

static void hole_8_of_several_files_none_may_be_missing_or_new(void **state)
{
	struct all a;
	char n1[] = "1", n2[] = "2", n3[] = "3";
	struct rp_file sealed[] = {{.name = n1, .digested = true}, {.name = n2, .digested = true}};
	struct rp_file found[] = {{.name = n1, .digested = true}, {.name = n3, .digested = true}};
	struct rp_artifact artifact = {.files = found, .n_files = 2};
	(void)state;
	begin(&a);
	compare(&a);
	a.manifest.files = sealed;
	a.manifest.n_files = 2;
	a.e.artifact = &artifact;
	ask_one(&a, &rp_check_artifact_digest);
	assert_int_equal(about(&a, "artifact.digest", "")->verdict, RP_PASS);
	assert_int_equal(about(&a, "artifact.digest", "")->looked, 1);
	assert_int_equal(about(&a, "artifact.digest", "2")->verdict, RP_FAIL);
	assert_int_equal(about(&a, "artifact.digest", "3")->verdict, RP_FAIL);
	end(&a);
}

static void hole_6_strong_digests_stand_in_for_a_backup_that_was_not_sealed(void **state)
{
	struct all a;
	struct rp_artifact artifact = {0};
	uint8_t was[RP_STRONG_LEN] = {1}, is[RP_STRONG_LEN] = {1};
	(void)state;
	for (int differ = 0; differ < 2; differ++) {
		begin(&a);
		is[0] = differ ? 2 : 1;
		add_relation(a.sealed, "public.t", 1, 1, 1);
		add_relation(a.found, "public.t", 1, 1, 1);
		compare(&a);
		a.sealed->relations[0].strong = was;
		a.found->relations[0].strong = is;
		a.e.artifact = &artifact;
		ask_one(&a, &rp_check_artifact_digest);
		assert_int_equal(answer(&a, "artifact.digest", 0)->verdict, differ ? RP_NOT_RUN : RP_PASS);
		assert_false(answer(&a, "artifact.digest", 0)->excused);
		a.sealed->relations[0].strong = NULL;
		a.found->relations[0].strong = NULL;
		end(&a);
	}
}

static void a_restore_that_takes_too_long_fails(void **state)
{
	struct all a;
	(void)state;
	for (int64_t objective = 0; objective <= 10000; objective += 4000) {
		begin(&a);
		a.target.rto_ms = objective;
		ask_one(&a, &rp_check_restore_time);
		assert_int_equal(answer(&a, "restore.time", 0)->verdict,
				 objective == 4000 ? RP_FAIL : RP_PASS);
		end(&a);
	}
}

static void checks_have_names_of_their_own_and_the_required_ones_are_these(void **state)
{
	static const char *const required[] = {"manifest.trust", "artifact.digest", "restore.complete",
					       "schema.objects", "relation.rows",   "relation.digest"};
	size_t n = 0;
	(void)state;
	for (const struct rp_check *const *c = rp_checks; *c; c++) {
		assert_non_null((*c)->summary);
		assert_true(((*c)->concern != NULL) != ((*c)->run != NULL));
		for (const struct rp_check *const *d = rp_checks; d < c; d++)
			assert_string_not_equal((*c)->name, (*d)->name);
		if ((*c)->required)
			assert_string_equal((*c)->name, required[n++]);
	}
	assert_int_equal(n, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_physical_backup_is_compared_at_the_sealed_moment_alone),
		cmocka_unit_test(a_dump_sealed_for_a_physical_backup_too_does_not_stand_for_it),
		cmocka_unit_test(one_file_is_the_same_backup_under_any_name),
		cmocka_unit_test(hole_8_of_several_files_none_may_be_missing_or_new),
		cmocka_unit_test(hole_6_strong_digests_stand_in_for_a_backup_that_was_not_sealed),
		cmocka_unit_test(a_restore_that_takes_too_long_fails),
		cmocka_unit_test(checks_have_names_of_their_own_and_the_required_ones_are_these),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
