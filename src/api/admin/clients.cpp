#include "limit_fields.hpp"
#include "list_page.hpp"
#include "management_handlers.hpp"
#include "token_answer.hpp"
#include "token_body.hpp"

#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

namespace spidergate::api {

namespace {

using store::client_record;

struct client_body {
  std::optional<std::string> name;
  limit_fields limits;

  void apply_to(client_record& row) const {
    row.name = name.value_or(row.name);
    limits.apply_to(row.limits);
  }
};

model::outcome<client_body> read_client(std::string_view text) {
  body_reader from(text);
  client_body body;
  from.line("name", body.name);
  body.limits.read(from);
  if (auto found = from.finish("a client")) return std::move(*found);
  return body;
}

void write_client(json_writer& out, const client_record& row) {
  out.begin_object().key("id").string(row.id).key("brand_id").string(row.brand_id).key("name").string(row.name);
  write_limits(out, row.limits);
  out.key("state").string(row.revoked_at > 0 ? "revoked" : "active");
  time_or_null(out, "revoked_at", row.revoked_at);
  time_or_null(out, "created_at", row.created_at);
  out.end_object();
}

answer client_answer(const client_record& row, int status = 200) {
  answer made{.status = status};
  json_writer out(made.body);
  write_client(out, row);
  return made;
}

model::api_error change_fault(const error_code& code, const client_record& row) {
  if (code != store::errc::already_exists) return store_fault(code);
  return model::make_error(model::api_errc::conflict, "There is a client '" + row.name + "' already.", "name");
}

model::outcome<client_record> own(sql::connection& on, const std::string& brand_id, const std::string& id) {
  auto row = store::clients::find(on, brand_id, id);
  if (!row) return store_fault(row.error());
  if (!*row) return no_such_client(id);
  return std::move(**row);
}

awaitable<void> list_clients(management_call& call) {
  const auto asked = page_asked(call.r);
  if (!asked) return call.refuse(asked.error());
  const bool revoked_too = call.r.query_flag("include_revoked");
  return call.show([asked = *asked, who = call.who, revoked_too](sql::connection& on) {
    return list_page(
        asked,
        [&](std::string_view after, std::size_t limit) {
          return store::clients::page(on, who->brand_id, after, limit);
        },
        [revoked_too](const client_record& row) { return revoked_too || row.revoked_at == 0; }, write_client);
  });
}

awaitable<void> create_client(management_call& call) {
  const auto body = read_client(call.body);
  if (!body) return call.refuse(body.error());
  if (!body->name) return call.refuse(model::make_error(model::api_errc::missing_field, "'name' is missing.", "name"));
  client_record row{.id = call.new_id("cli_"), .brand_id = call.who->brand_id, .created_at = call.now};
  body->apply_to(row);
  return call.commit([row](sql::connection& on) -> model::outcome<answer> {
    if (const auto done = store::clients::insert(on, row); !done) return change_fault(done.error(), row);
    return client_answer(row, 201);
  });
}

/// Reads the row, changes it and writes it back, in one transaction.
template <class Change>
awaitable<void> change_client(management_call& call, Change change) {
  return call.commit([who = call.who, id = call.r.where.id,
                      change = std::move(change)](sql::connection& on) -> model::outcome<answer> {
    auto row = own(on, who->brand_id, id);
    if (!row) return row.error();
    change(*row);
    const auto done = store::clients::update(on, *row);
    if (!done) return change_fault(done.error(), *row);
    return client_answer(*row);
  });
}

}  // namespace

model::api_error no_such_client(std::string_view id) {
  return model::make_error(model::api_errc::not_found, "There is no client '" + std::string(id.substr(0, 100)) + "'.");
}

awaitable<void> serve_clients(management_call& call) {
  return call.r.x.head().method == "POST" ? create_client(call) : list_clients(call);
}

awaitable<void> serve_client(management_call& call) {
  const auto method = call.r.x.head().method;
  if (method == "DELETE") return revoke_client(call);
  if (method == "PATCH") {
    auto body = read_client(call.body);
    if (!body) return call.refuse(body.error());
    return change_client(call, [body = std::move(*body)](client_record& row) { body.apply_to(row); });
  }
  return call.show([who = call.who, id = call.r.where.id](sql::connection& on) -> model::outcome<answer> {
    const auto row = own(on, who->brand_id, id);
    if (!row) return row.error();
    return client_answer(*row);
  });
}

awaitable<void> revoke_client(management_call& call) {
  return change_client(call, [now = call.now](client_record& row) {
    if (row.revoked_at == 0) row.revoked_at = now;
  });
}

awaitable<void> make_client_credentials(management_call& call) {
  return make_token(call, "triple", call.r.where.id);
}

}  // namespace spidergate::api
