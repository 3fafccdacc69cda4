/* SPDX-License-Identifier: MIT */
/* A time stamp, as it lies beside a signature or comes from an authority: nobody has vouched for it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/manifest/stamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the authorities of the corpus are believed for. */
static const char roots[] = "-----BEGIN CERTIFICATE-----\n"
			    "MIIC/DCCAeSgAwIBAgIUZhwlmHET/lrb7BBWfuYIyNn2r00wDQYJKoZIhvcNAQEL\n"
			    "BQAwFjEUMBIGA1UEAwwLUm9vdCBvZiByc2EwHhcNMjYxMTIxMjA1NzUwWhcNMzYx\n"
			    "MTE4MjA1NzUwWjAWMRQwEgYDVQQDDAtSb290IG9mIHJzYTCCASIwDQYJKoZIhvcN\n"
			    "AQEBBQADggEPADCCAQoCggEBAJyjS6RKUuCd8PbubgmZZR9aDaJcRolb0JR2FErv\n"
			    "bz6OPDG1wMQhOqMl95xgQkFUDa43jst5ZoOPmhz37Qgzxthqf7iWlcZkHANyhKo/\n"
			    "RYhfy51NOhLX+CzvIN+wWReJniqRxniWvMkT4z/3ivBMHTorUAGqIpNa+u45Kr12\n"
			    "9ccJrY3uiMxzFWO23aY/G3IFIjo4Ht69FhSuPjAf1JixJT/fS0tQM/tQqLRyKekN\n"
			    "NASmputbwrxSjx+ojLP/BLc3imEL6WLMqR6AC0DVGDm0tkoVBBqUN+oduLGxpKon\n"
			    "jb4jGNMtJmMZKbgIBmoqGqqc5LB8w9oV7ulSKesFaaO1oGsCAwEAAaNCMEAwDwYD\n"
			    "VR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwHQYDVR0OBBYEFB3/TQoCIUAX\n"
			    "MjIrOT6TPXS8J2GzMA0GCSqGSIb3DQEBCwUAA4IBAQBjbec3aV3jQTtJ/euZr8r0\n"
			    "7wZvlkeFlz3rtyjFIbzlFm6RgrApGrHRtIOLbcPa3Ac03flK/r9Mr9LssaOxkVL8\n"
			    "IVeiQ9pLqD4t8blwekWBwB2lXZ4timgKMws1PxSdUnsH+aDebdnsE5fVDs3q4S3S\n"
			    "rK24CSO8tHyJOG1wL7gKiXcTkL/oW4rtkztJpLORm1pEq2q6+lQfNTrZngEQtXQ+\n"
			    "CftgV7jW8S3NOvwfaDAvoMiKCUS66bB0ytJwbGrrS7mjxMYqUM+fadISACEgctU6\n"
			    "1pigxneLKKmvLo8yS75SEUN1tTUVxnM7y/jC24GTdNSxA8ok+8hbcgWVKI7Sqont\n"
			    "-----END CERTIFICATE-----\n"
			    "-----BEGIN CERTIFICATE-----\n"
			    "MIIBbjCCARSgAwIBAgIUc6G5aoR+M3uf/T5EtlTDuz3aI2wwCgYIKoZIzj0EAwIw\n"
			    "FTETMBEGA1UEAwwKUm9vdCBvZiBlYzAeFw0yNjExMjEyMDU3NTBaFw0zNjExMTgy\n"
			    "MDU3NTBaMBUxEzARBgNVBAMMClJvb3Qgb2YgZWMwWTATBgcqhkjOPQIBBggqhkjO\n"
			    "PQMBBwNCAAQiwyuugth17pnigA7Ah+uphnMiBOtTFb7LAkKkc6660J4q6H64WtKW\n"
			    "YlPYk350OtCOWkuH3vQFsovEa3ycQDyFo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4G\n"
			    "A1UdDwEB/wQEAwICBDAdBgNVHQ4EFgQUbPeJG93Nm4KoVHWbTJOUQUyU1z0wCgYI\n"
			    "KoZIzj0EAwIDSAAwRQIgWD9l3av87MVBY+fhti/GVEE+pKB321Cn7CHMW8W4KcsC\n"
			    "IQDaopkEVgVUs8RI9Aj7BLZ57uwDjlLf0WQWbO18VOWFUg==\n"
			    "-----END CERTIFICATE-----\n";

static struct rp_authority *load(void)
{
	char path[] = "/tmp/rp-fuzz-stamp-XXXXXX";
	struct rp_authority *a = NULL;
	int fd = mkstemp(path);
	if (fd < 0 || write(fd, roots, strlen(roots)) != (ssize_t)strlen(roots) || close(fd) < 0 ||
	    rp_authority_load(&a, path, NULL, NULL) < 0)
		abort();
	(void)unlink(path);
	return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rp_authority *authority; /* for the life of the process */
	static struct rp_stamp_query *query;
	struct rp_stamp_facts facts;
	if (authority == NULL) {
		authority = load();
		if (rp_stamp_query_new(&query, "signature", 9, NULL) < 0)
			abort();
	}
	if (rp_stamp_check(&facts, authority, data, size, "signature", 9, NULL) == 0 &&
	    (facts.at_ms <= 0 || memchr(facts.by, 0, sizeof facts.by) == NULL))
		abort();
	/* Nobody answers a question that was not asked. */
	if (rp_stamp_query_answer(query, data, size, NULL, NULL) == 0)
		abort();
	return 0;
}
