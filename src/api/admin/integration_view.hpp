#pragma once
#include <spidergate/auth/authenticator.hpp>
#include <spidergate/core/json_text.hpp>
#include <spidergate/store/records.hpp>
#include <spidergate/vault/vault.hpp>

#include <string>

namespace spidergate::api {

/// A brand's own keys are its own; the pool's are the operator brand's to see. So nothing of a foreign key is shown,
/// not even that it is there.
[[nodiscard]] bool may_see(const auth::principal& who, const store::integration_record& row);

/// How a key is doing now; one that the running vault does not know yet is healthy.
[[nodiscard]] vault::key_status status_of(const vault::vault& keys, const std::string& id);

/// Everything but the secret.
void write_integration(json_writer& out, const store::integration_record& row, const vault::vault& keys);
/// The short form, with a count of each health.
[[nodiscard]] std::string health_json(const std::vector<store::integration_record>& rows, const vault::vault& keys);

}  // namespace spidergate::api
