#include "serve_command.hpp"

#include "boot.hpp"
#include "plan_from_config.hpp"
#include "server.hpp"

#include <spidergate/providers/dialect.hpp>
#include <spidergate/runtime/worker.hpp>
#include <spidergate/store/repositories.hpp>
#include <spidergate/telemetry/log.hpp>

#include <algorithm>
#include <exception>
#include <ostream>
#include <sys/resource.h>
#include <unistd.h>

namespace spidergate::app {

namespace {

/// A model that a newcomer's first request can be answered by: of a provider that has a key, or of one that the
/// configuration defines without.
std::string model_to_try(cli::context& with) {
  const auto rows = store::integrations::list(with.database());
  const auto& data = *with.config().catalogue;
  const auto has_key = [&](const catalogue::provider& p) {
    return rows && std::any_of(rows->begin(), rows->end(),
                               [&](const auto& row) { return row.provider == p.id && row.is_active; });
  };
  const catalogue::model_entry* best = nullptr;
  for (const auto& m : data.models()) {
    const auto* p = data.find_provider(m.provider);
    if (p == nullptr || m.mode != catalogue::mode::chat || m.deprecated || m.api != catalogue::own_endpoint::none)
      continue;
    if (!providers::serves(m.dialect.empty() ? p->dialect : m.dialect, model::endpoint::chat)) continue;
    if (!has_key(*p) && !(p->from_config && p->auth == catalogue::auth_style::none)) continue;
    if (best == nullptr ||
        m.price->input.value_or(unit_price{INT64_MAX}) < best->price->input.value_or(unit_price{INT64_MAX}))
      best = &m;
  }
  return best == nullptr ? std::string() : best->provider + "/" + best->id;
}

std::string reachable(const listen_address& where) {
  const auto host = where.host == "0.0.0.0" || where.host == "::" ? std::string("127.0.0.1")
                    : where.host.find(':') != std::string::npos   ? "[" + where.host + "]"
                                                                  : where.host;
  return host + ":" + std::to_string(where.port);
}

/// A person at a terminal gets lines to read; whatever collects logs gets JSON.
void configure_log(bool verbose) {
  using namespace telemetry;
  log::configure({.least = verbose ? log::level::debug : log::level::info,
                  .shape = ::isatty(STDERR_FILENO) != 0 ? log::format::human : log::format::json,
                  .sink = {}});
  runtime::worker::set_bug_reporter([](std::exception_ptr thrown) {
    try {
      std::rethrow_exception(std::move(thrown));
    } catch (const std::exception& bug) {
      log::error("a bug: an exception left a request", {{"what", bug.what()}});
    }
  });
}

/// Every stream holds two descriptors; the soft limit of most shells (1024) is far below what a gateway needs.
void raise_descriptor_limit() {
  struct rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) telemetry::log::warning("the limit of open files could not be raised");
}

/// What is printed once, on the first start.
void greet(cli::context& with, const first_tokens& tokens, const server_plan& plan) {
  const auto model = model_to_try(with);
  const auto scheme = plan.tls_cert_file.empty() ? "http://" : "https://";
  auto& out = with.out();
  out << "\nThis is the first start. These two are shown once and never again:\n\n"
      << "  API key (inference):      " << tokens.key.reveal() << "\n"
      << "  Admin token (every scope): " << tokens.admin.reveal() << "\n\n";
  if (model.empty()) {
    out << "No provider key is known yet. Add one, for example:\n\n  spidergate provider add groq\n\nor start with "
           "GROQ_API_KEY (or OPENAI_API_KEY, …) in the environment. Then try:\n\n";
  } else {
    out << "Try it:\n\n";
  }
  out << "curl -N " << scheme << reachable(plan.listen) << "/v1/chat/completions -H 'Authorization: Bearer "
      << tokens.key.reveal() << "' -H 'Content-Type: application/json' -d '{\"model\": \""
      << (model.empty() ? "spideriq/chat" : model)
      << "\", \"stream\": true, \"messages\": [{\"role\": \"user\", \"content\": \"Say hello.\"}]}'\n\n";
  out.flush();
}

}  // namespace

int serve(cli::context& with) {
  configure_log(with.config().values.server.dev);
  raise_descriptor_limit();
  auto plan = plan_from(with);
  if (with.made_master_key()) {
    telemetry::log::warning(
        "a new vault key was made in the data directory; in production supply one (vault.encryption_key) and keep a "
        "copy of it",
        {{"file", plan.data_dir + "/master.key"}});
  }
  auto found = prepare(with, plan);
  if (found.first) greet(with, *found.first, plan);
  // What is open from here on is the server's, within database.pool_size.
  with.close_database();
  server gateway(std::move(plan), {.saved = std::move(found.saved), .prepare_later = preparation_for_later(with)});
  return gateway.run();
}

}  // namespace spidergate::app
