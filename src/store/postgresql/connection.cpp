#include "connection.hpp"

#include "failure.hpp"
#include "values.hpp"

#include <algorithm>
#include <poll.h>

namespace spidergate::store::postgresql {

namespace {

using namespace std::chrono_literals;

constexpr const char* announcements = "spidergate_config";
constexpr auto shortest_back_off = 100ms;
constexpr auto longest_back_off = 5'000ms;
/// Migrations rewrite tables, and wait for those of other processes.
constexpr auto schema_patience = std::chrono::milliseconds(10min);
/// By which the server, which has the same deadline, may cancel a statement first: then the connection lives on.
constexpr auto grace = 250ms;
constexpr auto between_doubts = 1s;
constexpr int oldest_server = 150'000;

/// Whether the server has closed it meanwhile: a statement that was never sent can go to another connection.
bool closed_while_idle(int socket) {
  pollfd one{.fd = socket, .events = POLLRDHUP, .revents = 0};
  return ::poll(&one, 1, 0) > 0 && (one.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void ignore_notice(void*, const char*) {}

/// Of a statement that may follow another one.
bool succeeded(ExecStatusType status) {
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

}  // namespace

struct connection::session {
  session(const libpq& of, const std::string& connect_string) : pq(of), link(pq.connectdb(connect_string.c_str())) {
    pq.set_notice_processor(link, ignore_notice, nullptr);
  }
  ~session() { pq.finish(link); }
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  [[nodiscard]] bool is_open() const { return pq.status(link) == CONNECTION_OK; }
  const libpq& pq;
  PGconn* const link;  ///< null when memory is short, which libpq calls a bad connection
  bool listens = false;
  bool deaf = false;  ///< a hot standby takes no LISTEN
};

connection::connection(const libpq& pq, address where, std::chrono::milliseconds statement_timeout)
    : pq_(pq), where_(std::move(where)), statement_timeout_(statement_timeout), patience_(statement_timeout) {}
connection::~connection() = default;

result<sql::rows> connection::exec(std::string_view statement, std::span<const sql::value> parameters) {
  if (holds_nul(parameters)) return failure(errc::constraint, "a text holds a NUL");
  const std::string text(statement);
  const parameter_list all(parameters);
  const auto done = exchange([&](PGconn* on) {
    return answer(pq_.exec_params(on, text.c_str(), all.size(), nullptr, all.texts(), nullptr, nullptr, 0),
                  {pq_.clear});
  });
  if (!done) return done.error();
  auto rows = rows_of(pq_, **done);
  if (!rows) return failure(errc::failed, "a column has a type that is not used here");
  return std::move(*rows);
}

result<void> connection::exec_script(std::string_view script) {
  const std::string text(script);
  const auto done = exchange([&](PGconn* on) { return answer(pq_.exec(on, text.c_str()), {pq_.clear}); });
  if (!done) return done.error();
  return {};
}

result<void> connection::announce_change() {
  return exec_script(std::string("NOTIFY ") + announcements);
}

result<void> connection::bulk_insert(std::string_view table, std::span<const std::string_view> columns,
                                     std::span<const sql::value_view> cells) {
  if (holds_nul(cells)) return failure(errc::constraint, "a text holds a NUL");
  if (columns.empty() || cells.size() % columns.size() != 0) return failure(errc::failed, "cells that are no rows");
  std::string script = "COPY ";
  script += table;
  for (const auto one : columns) script.append(one == columns.front() ? " (" : ", ").append(one);
  script += ") FROM STDIN";
  const auto done = exchange([&](PGconn* on) {
    answer last(pq_.exec(on, script.c_str()), {pq_.clear});
    if (pq_.result_status(last.get()) != PGRES_COPY_IN) return last;
    std::string line;
    for (; !cells.empty(); cells = cells.subspan(columns.size())) {
      line.clear();
      append_line(line, cells.first(columns.size()));
      if (pq_.put_copy_data(on, line.data(), static_cast<int>(line.size())) != 1) return answer();
    }
    if (pq_.put_copy_end(on, nullptr) != 1) return answer();
    last.reset(pq_.get_result(on));
    while (answer(pq_.get_result(on), {pq_.clear})) {
    }
    return last;
  });
  if (!done) return done.error();
  return {};
}

result<void> connection::begin(sql::lock what) {
  std::string script = "BEGIN ISOLATION LEVEL READ COMMITTED";
  if (what == sql::lock::schema) {
    patience_ = schema_patience;
    // The number is ours ("spidrgat"). Whether the schema is there is asked first, for IF NOT EXISTS needs the right to
    // create even when there is nothing to do; and asked of the table, for to_regnamespace() looks into the session's
    // cache, which does not know yet what was made while the lock was waited for.
    script +=
        "; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(8317989303399866740);"
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'spidergate') THEN CREATE SCHEMA "
        "spidergate; END IF; END $$";
  }
  const auto begun = exec_script(script);
  // Begun, but cut in the same moment, is lost: the next statement would connect anew, outside of any transaction.
  scope_ = !begun ? scope::failed : session_ ? scope::open : scope::lost;
  if (!begun) roll_back();
  return begun;
}

result<void> connection::commit() {
  // The server would answer COMMIT by rolling back, and call that a success.
  if (scope_ == scope::failed) return failure(errc::failed, "a statement of the transaction had failed");
  const auto done = exec_script("COMMIT");
  if (done) {
    scope_ = scope::none;
    patience_ = statement_timeout_;
  }
  return done;
}

void connection::roll_back() noexcept {
  // What went wrong before is what the caller wants to read.
  auto said = message_;
  if (session_ && !exec_script("ROLLBACK")) session_.reset();
  message_ = std::move(said);
  scope_ = scope::none;
  patience_ = statement_timeout_;
}

result<answer> connection::exchange(const work& what) {
  const auto connected = ready();
  if (!connected) return connected.error();
  return perform(what);
}

result<answer> connection::perform(const work& what) {
  auto* const link = session_->link;
  const auto ticket = deadlines_->watch(pq_.socket(link), std::chrono::steady_clock::now() + patience_ + grace);
  result<answer> done = what(link);
  const bool answered = *done != nullptr;
  if (!answered) {
    done = failure(errc::unavailable, first_line(pq_.error_message(link)));
  } else if (!succeeded(pq_.result_status(done->get()))) {
    const char* const state = pq_.result_error_field(done->get(), PG_DIAG_SQLSTATE);
    const auto meant = session_->is_open() ? meaning_of(state ? state : "") : errc::unavailable;
    done = failure(meant, first_line(pq_.result_error_message(done->get())));
  }
  const bool cut = deadlines_->release(ticket);
  if (cut && !done) message_ = "the server did not answer in time";
  if (cut || !answered || !session_->is_open()) {
    lose();
  } else if (scope_ != scope::none) {
    // A refused transaction takes nothing but ROLLBACK TO, which ends the refusal.
    scope_ = done ? scope::open : scope::failed;
  }
  return done;
}

result<void> connection::ready() {
  if (scope_ == scope::lost) {
    return failure(errc::unavailable, "the connection was lost in the middle of the transaction");
  }
  if (session_ && scope_ == scope::none && closed_while_idle(pq_.socket(session_->link))) session_.reset();
  if (session_) return {};
  // The message is still that of the last attempt.
  if (std::chrono::steady_clock::now() < next_attempt_) return errc::unavailable;
  return connect();
}

result<void> connection::connect() {
  session_ = std::make_unique<session>(pq_, std::string(where_.connect_string.reveal()));
  if (!session_->is_open()) {
    const auto said = first_line(pq_.error_message(session_->link));
    lose();
    return failure(errc::unavailable, said);
  }
  if (pq_.server_version(session_->link) < oldest_server) {
    lose();
    return failure(errc::unavailable, "PostgreSQL 15 or later is needed, and the server is older");
  }
  const auto timeout = std::to_string(statement_timeout_.count());
  // A replica that is frozen or cut off inside a transaction must not hold its locks for ever.
  const auto idle = std::to_string(4 * statement_timeout_.count());
  const auto script = "SET search_path TO spidergate, pg_temp; SET statement_timeout = " + timeout +
                      "; SET idle_in_transaction_session_timeout = " + idle +
                      "; SET lock_timeout = 0; SET client_min_messages = warning; SET bytea_output = 'hex';"
                      "SET standard_conforming_strings = on";
  const auto set_up = perform([&](PGconn* on) { return answer(pq_.exec(on, script.c_str()), {pq_.clear}); });
  if (!set_up) {
    if (session_) lose();
    return set_up.error();
  }
  if (!session_) return failure(errc::unavailable, "the server did not answer in time");
  back_off_ = 0ms;
  ++commits_;  // whatever was announced meanwhile was not heard
  return {};
}

void connection::lose() {
  session_.reset();
  if (scope_ != scope::none) scope_ = scope::lost;
  back_off_ = std::clamp<std::chrono::milliseconds>(2 * back_off_, shortest_back_off, longest_back_off);
  std::uniform_int_distribution<std::int64_t> jitter(back_off_.count() / 2, back_off_.count());
  next_attempt_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(jitter(random_));
}

result<std::int64_t> connection::foreign_commits() {
  if (const auto connected = ready(); !connected) return connected.error();
  if (!session_->listens && !session_->deaf) {
    if (const auto heard = listen(); !heard) return heard.error();
  }
  auto* const link = session_->link;
  if (pq_.consume_input(link) != 1) {
    const auto said = first_line(pq_.error_message(link));
    lose();
    return failure(errc::unavailable, said);
  }
  while (auto* const one = pq_.notifies(link)) {
    if (one->be_pid != pq_.backend_pid(link)) ++commits_;
    pq_.freemem(one);
  }
  const auto now = std::chrono::steady_clock::now();
  if (now >= next_doubt_) {
    ++commits_;
    next_doubt_ = now + between_doubts;
  }
  return commits_;
}

result<void> connection::listen() {
  const auto listening = exec_script(std::string("LISTEN ") + announcements);
  if (!listening && listening.error() == errc::read_only) {
    session_->deaf = true;
    return {};
  }
  if (listening && session_) session_->listens = true;
  ++commits_;
  return listening;
}

error_code connection::failure(errc what, std::string_view message) {
  message_ = message;
  const std::string password(where_.password.reveal());
  constexpr std::string_view mask = "***";
  for (std::size_t at = 0; !password.empty() && (at = message_.find(password, at)) != std::string::npos;) {
    message_.replace(at, password.size(), mask);
    at += mask.size();
  }
  return what;
}

}  // namespace spidergate::store::postgresql
