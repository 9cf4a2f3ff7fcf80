#include "store_contact.hpp"

#include <spidergate/telemetry/log.hpp>

#include <algorithm>

namespace spidergate::app {

namespace {

/// The change watch asks once a second; one answer may be late.
constexpr std::chrono::milliseconds lost_after{2'500};

}  // namespace

store_contact::store_contact(bool remote, std::chrono::milliseconds believed_for, const runtime::clock& time)
    : remote_(remote), time_(time), believed_for_(believed_for), first_(time.steady_now()) {}

void store_contact::begin(epoch_ms last, bool behind) {
  const auto ago = std::max<epoch_ms>(0, time_.epoch_now() - last);
  first_ = time_.steady_now() - std::chrono::milliseconds(ago);
  behind_ = behind;
  was_reached_ = !behind;
}

void store_contact::follow(const store::change_watch* watch) {
  const std::lock_guard lock(mutex_);
  watch_ = watch;
}

std::chrono::milliseconds store_contact::age() const {
  if (!remote_) return std::chrono::milliseconds(0);
  auto latest = first_;
  {
    const std::lock_guard lock(mutex_);
    // A database that answers, but whose schema was not looked at yet, says nothing about the rows in memory.
    if (watch_ != nullptr && !behind_) latest = std::max(latest, watch_->last_contact());
  }
  const auto ago = std::chrono::duration_cast<std::chrono::milliseconds>(time_.steady_now() - latest);
  return std::max(ago, std::chrono::milliseconds(0));
}

bool store_contact::reached() const {
  return age() < lost_after;
}

epoch_ms store_contact::last() const {
  return time_.epoch_now() - age().count();
}

void store_contact::check() {
  const bool now_reached = reached();
  if (now_reached != was_reached_) {
    if (now_reached)
      telemetry::log::info("the database is there again");
    else
      telemetry::log::warning(
          "the database is out of reach: known tokens are served from memory, receipts wait in the "
          "spool",
          {{"last_contact", to_iso8601(last())}});
    was_reached_ = now_reached;
  }
  const bool old = remote_ && age() > believed_for_.load();
  if (too_old_.exchange(old) == old) return;
  if (old)
    telemetry::log::error(
        "the database was out of contact for longer than limits.auth_cache_stale: no token is "
        "believed any more, requests are answered 503",
        {{"last_contact", to_iso8601(last())}});
  else
    telemetry::log::info("tokens are believed again");
}

}  // namespace spidergate::app
