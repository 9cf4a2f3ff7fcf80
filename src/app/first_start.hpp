#pragma once
#include <spidergate/core/secret_string.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/crypto/random.hpp>
#include <spidergate/store/sql.hpp>

#include <optional>
#include <string>

namespace spidergate::app {

/// The two tokens of a first start, to be printed once.
struct first_tokens {
  secret_string key;    ///< sg_key_prod_… of a member, for inference
  secret_string admin;  ///< spideriq_pat_… of an owner, with every scope
};

/// Makes the operator brand `default`, client `default` (unless the CLI has made them), one key and one admin token,
/// when the store has never been served from (spec 3); nothing otherwise. Safe when two processes start at once: one of
/// them makes them.
[[nodiscard]] boost::system::result<std::optional<first_tokens>, std::string> prepare_store(
    sql::connection& on, crypto::random_source& random, std::int64_t now_us);

}  // namespace spidergate::app
