#include "management_call.hpp"

#include "../handlers.hpp"
#include "list_page.hpp"
#include "management_handlers.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/crypto/record_id.hpp>
#include <spidergate/store/errc.hpp>

namespace spidergate::api {

namespace {

constexpr std::chrono::seconds store_patience{10};
/// Nothing that is managed comes near; inference bodies have the listener's limit.
constexpr std::size_t largest_body_bytes = 1 << 20;

bool is_read(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD";
}

/// What a job on a database thread comes to; an error of the client's or the store's is a value in it.
using verdict = result<std::shared_ptr<model::outcome<answer>>>;

verdict said(model::outcome<answer> what) {
  return std::make_shared<model::outcome<answer>>(std::move(what));
}

/// The work and its memory in one transaction. `faster` tells that the same key was used at the same moment elsewhere.
model::outcome<answer> attempt(sql::connection& on, const store_work& work, const std::optional<repeatable>& again,
                               shared_state& shared, bool& faster) {
  auto scope = sql::transaction::begin(on);
  if (!scope) return store_fault(scope.error());
  if (again) {
    auto before = again->recall(on, shared.keys);
    if (!before) return before.error();
    if (*before) return std::move(**before);
  }
  auto made = work(on);
  if (!made) return made;
  if (again) {
    const auto kept = again->remember(on, shared.random, shared.keys, *made);
    faster = !kept && kept.error() == store::errc::already_exists;
    if (!kept) return store_fault(kept.error());
  }
  if (const auto done = scope->commit(); !done) return store_fault(done.error());
  return made;
}

model::outcome<answer> settle(sql::connection& on, const store_work& work, const std::optional<repeatable>& again,
                              shared_state& shared) {
  bool faster = false;
  auto made = attempt(on, work, again, shared, faster);
  if (made || !again) return made;
  // On several replicas, what refused this one may be the very same request, done elsewhere a moment before.
  if (!faster && made.error().code != model::api_errc::conflict) return made;
  auto before = again->recall(on, shared.keys);
  if (!before) return before.error();
  return *before ? model::outcome<answer>(std::move(**before)) : made;
}

model::api_error scope_is_not_enough(std::string_view why) {
  return model::make_error(model::api_errc::missing_scope, std::string(why));
}

}  // namespace

management_call::management_call(request_scope& request, std::shared_ptr<const auth::principal> asking)
    : r(request),
      who(std::move(asking)),
      now_us(request.with.house.time.epoch_us_now()),
      now(now_us / 1000),
      deadline_(request.with.house.time.steady_now() + store_patience) {}

std::string management_call::new_id(std::string_view prefix) const {
  return crypto::record_id(r.with.shared.random, prefix, now_us);
}

std::optional<model::api_error> management_call::not_allowed() const {
  if (r.where.allowed == right::token) return std::nullopt;
  if (r.where.allowed == right::installation && !who->of_operator_brand)
    return scope_is_not_enough("This is for the operator of the installation alone.");
  if (is_read(r.x.head().method) ? who->may_read_management() : who->may_write_management()) return std::nullopt;
  return scope_is_not_enough("The role '" + who->role + "' does not allow that.");
}

model::outcome<std::optional<repeatable>> management_call::repetition() const {
  const auto key = r.header("idempotency-key");
  const auto& head = r.x.head();
  if (key.empty() || head.method != "POST") return std::optional<repeatable>();
  if (!is_valid_idempotency_key(key))
    return model::make_error(model::api_errc::invalid_value,
                             "An Idempotency-Key has 1 to 255 visible ASCII characters.", "Idempotency-Key");
  repeatable again{
      .brand_id = who->brand_id, .token_id = who->token_id, .key = std::string(key), .fingerprint = {}, .now = now};
  again.fingerprint = request_fingerprint(again, head.method, head.path, head.query, body);
  return std::optional(std::move(again));
}

awaitable<void> management_call::reply(model::outcome<answer> what) {
  if (!what) return r.answer_error(what.error());
  return r.answer_json(what->status, std::move(what->body), what->replayed);
}

awaitable<void> management_call::show(store_work work) {
  auto found = co_await r.with.database.read(
      r.with.home, [work = std::move(work)](sql::connection& on) { return said(work(on)); }, deadline_);
  if (!found) co_return co_await r.answer_error(store_fault(found.error()));
  co_await reply(std::move(**found));
}

awaitable<void> management_call::commit(store_work work) {
  auto again = repetition();
  if (!again) co_return co_await r.answer_error(again.error());
  auto done = co_await r.with.database.write(
      r.with.home,
      [work = std::move(work), again = std::move(*again), &shared = r.with.shared](sql::connection& on) {
        return said(settle(on, work, again, shared));
      },
      deadline_);
  if (!done) co_return co_await r.answer_error(store_fault(done.error()));
  if (**done && !(**done)->replayed) r.with.shared.store_changed();
  co_await reply(std::move(**done));
}

awaitable<bool> management_call::answered_before() {
  auto again = repetition();
  if (!again) {
    co_await r.answer_error(again.error());
    co_return true;
  }
  if (!*again) co_return false;
  auto before = co_await r.with.database.read(
      r.with.home,
      [again = std::move(**again), &keys = r.with.shared.keys](sql::connection& on) {
        auto found = again.recall(on, keys);
        if (!found) return said(found.error());
        return *found ? said(std::move(**found)) : verdict(nullptr);
      },
      deadline_);
  if (before && !*before) co_return false;
  co_await reply(before ? std::move(**before) : model::outcome<answer>(store_fault(before.error())));
  co_return true;
}

awaitable<void> management_call::finish(answer what) {
  if (r.header("idempotency-key").empty()) return reply(std::move(what));
  return commit([what = std::move(what)](sql::connection&) -> model::outcome<answer> { return what; });
}

model::outcome<page_request> page_asked(const request_scope& r) {
  constexpr std::size_t longest_cursor = 300;
  page_request asked{.after = r.query("cursor")};
  if (asked.after.size() > longest_cursor) return store_fault(store::errc::bad_cursor);
  if (const auto limit = r.query("limit"); !limit.empty()) {
    const auto number = parse_integer<std::size_t>(limit);
    if (!number || *number < 1 || *number > 500)
      return model::make_error(model::api_errc::invalid_value, "'limit' must be a number from 1 to 500.", "limit");
    asked.limit = *number;
  }
  return asked;
}

awaitable<void> serve_management(request_scope& r) {
  auto who = co_await welcome(r, r.where.needed);
  if (!who) co_return co_await r.answer_error(who.error());
  management_call call(r, std::move(*who));
  if (auto refused = call.not_allowed()) co_return co_await r.answer_error(std::move(*refused));
  const auto method = r.x.head().method;
  if (method == "POST" || method == "PUT" || method == "PATCH") {
    const auto body = co_await r.x.read_body();
    if (!body) co_return co_await r.answer_error(body_error(body.error()));
    if (body->size() > largest_body_bytes)
      co_return co_await r.answer_error(
          model::make_error(model::api_errc::body_too_large, "A management request has at most 1 MiB."));
    call.body = *body;
  }
  co_await handler_of(r.where.what)(call);
}

}  // namespace spidergate::api
