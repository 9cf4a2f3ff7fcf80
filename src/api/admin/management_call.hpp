#pragma once
#include "../request_scope.hpp"
#include "repeatable.hpp"

#include <functional>

namespace spidergate::api {

/// What a management request does with the store, as one unit. It runs on a database thread and may outlive the
/// request, so it owns what it uses (or uses what outlives the database).
using store_work = std::function<model::outcome<answer>(sql::connection&)>;

/// One management request: who asks (authenticated, with the route's scope and right), its body, and its one answer.
/// Lives in the handler's coroutine, on the worker's thread.
class management_call {
 public:
  request_scope& r;
  const std::shared_ptr<const auth::principal> who;
  const std::int64_t now_us;
  const epoch_ms now;
  /// Of POST, PUT and PATCH; stays valid until the answer is complete.
  std::string_view body;

  management_call(request_scope& request, std::shared_ptr<const auth::principal> asking);

  /// What the role does not allow of this route.
  [[nodiscard]] std::optional<model::api_error> not_allowed() const;
  /// For a record that this request makes.
  [[nodiscard]] std::string new_id(std::string_view prefix) const;
  [[nodiscard]] shared_state& shared() const noexcept { return r.with.shared; }

  /// Answers with what `work` finds, on a reader.
  awaitable<void> show(store_work work);
  /// The same for what is only a part of the answer.
  template <class T, class Work>
  awaitable<model::outcome<T>> look(Work work);
  /// Answers with what `work` made, on the writer, in one transaction that is kept only if it succeeds; then running
  /// servers are told. A POST with an Idempotency-Key that was used before does nothing and answers as then.
  awaitable<void> commit(store_work work);
  /// For a POST that does its work outside of the store: true when it was answered already, as under its
  /// Idempotency-Key before.
  awaitable<bool> answered_before();
  /// The end of such a POST: keeps the answer under the Idempotency-Key, if one was given, and answers.
  awaitable<void> finish(answer said);
  awaitable<void> refuse(model::api_error error) { return r.answer_error(std::move(error)); }

 private:
  [[nodiscard]] model::outcome<std::optional<repeatable>> repetition() const;
  awaitable<void> reply(model::outcome<answer> said);

  steady_time deadline_;
};

template <class T, class Work>
awaitable<model::outcome<T>> management_call::look(Work work) {
  using found = std::shared_ptr<model::outcome<T>>;
  auto read = co_await r.with.database.read(
      r.with.home,
      [work = std::move(work)](sql::connection& on) -> result<found> {
        return std::make_shared<model::outcome<T>>(work(on));
      },
      deadline_);
  if (!read) co_return store_fault(read.error());
  co_return std::move(**read);
}

}  // namespace spidergate::api
