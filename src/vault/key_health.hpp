#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/store/records.hpp>
#include <spidergate/vault/vault.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::vault {

/// The health of one provider key: a state machine over attempts and time, without locks. Spec section 11.
class key_health {
 public:
  static constexpr std::int64_t failures_to_unhealthy = 3;
  static constexpr std::int64_t first_retry_ms = 30'000;
  static constexpr std::int64_t longest_retry_ms = 600'000;
  static constexpr std::int64_t default_rest_ms = 60'000;
  static constexpr std::size_t longest_error = 512;

  enum class permission : std::uint8_t {
    no,     ///< unreadable, resting, or unhealthy before its retry
    yes,    ///< healthy or degraded
    probe,  ///< unhealthy, and one request may try it now
  };
  [[nodiscard]] permission may_be_used(epoch_ms now) const noexcept;

  /// Takes the right to probe, so that nobody else does until the next retry is due. Only after permission::probe.
  void claim_probe(epoch_ms now) noexcept;
  /// Gives it back unused.
  void return_probe() noexcept;

  void note_use(epoch_ms now) noexcept { last_used_at_ = now; }
  void apply(key_outcome what, std::string_view message, std::optional<std::chrono::milliseconds> retry_after,
             epoch_ms now);

  /// True the first time.
  bool mark_unreadable();
  void clear_unreadable() noexcept { unreadable_ = false; }

  void restore(const store::integration_state_record& saved, epoch_ms now);
  /// Without counts.
  [[nodiscard]] key_status status() const;

 private:
  enum class grade : std::uint8_t { healthy, degraded, unhealthy };

  void fail(std::string_view reason, bool at_once, epoch_ms now);

  grade grade_ = grade::healthy;
  bool unreadable_ = false;
  bool probing_ = false;
  std::string reason_, last_error_;
  std::int64_t consecutive_failures_ = 0;
  epoch_ms last_used_at_ = 0, resting_until_ = 0;
  epoch_ms retry_at_ = 0;  // of an unhealthy key
  epoch_ms retry_before_claim_ = 0;
  std::int64_t retry_wait_ms_ = first_retry_ms;
};

}  // namespace spidergate::vault
