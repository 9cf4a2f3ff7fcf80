#include "json_documents.hpp"

#include <spidergate/catalogue/price_overrides.hpp>
#include <spidergate/router/preferences.hpp>

namespace spidergate::api {

namespace {

constexpr std::size_t largest_document_bytes = 64 * 1024;

}  // namespace

void document_change::read(body_reader& from, std::string_view name) {
  const auto value = from.take(name);
  if (!value.exists()) return;
  if (value.given() && !value.is(json::kind::object)) {
    from.refuse(name, "an object, or null");
    return;
  }
  name_ = name;
  patch_ = value.raw();
}

model::outcome<document_change> document_change::whole_body(std::string_view body) {
  body_reader from(body);
  document_change change;
  change.patch_ = from.whole_body().exists() ? from.whole_body().raw() : std::string_view();
  for (const auto& member : from.whole_body().members()) (void)from.take(member.name);
  if (auto found = from.finish("this")) return std::move(*found);
  return change;
}

std::optional<model::api_error> document_change::apply_to(std::string& stored, const check& sound) const {
  if (patch_.empty()) return std::nullopt;
  if (patch_ == "null") {
    stored.clear();
    return std::nullopt;
  }
  std::string text = patch_;
  text.reserve(text.size() + 64);
  json::reader reader;
  auto merged = reader.read(text) ? merge_patch(stored, reader.root()) : std::string();
  if (merged.size() > largest_document_bytes)
    return model::make_error(model::api_errc::invalid_value, "The document would have more than 64 KiB.", name_);
  if (auto why = sound(merged)) return model::make_error(model::api_errc::invalid_value, std::move(*why), name_);
  stored = merged == "{}" ? std::string() : std::move(merged);
  return std::nullopt;
}

std::optional<std::string> check_price_overrides(std::string_view json) {
  const auto read = catalogue::price_overrides::read(json);
  return read ? std::nullopt : std::optional(read.error());
}

std::optional<std::string> check_preferences(std::string_view json) {
  const auto read = router::read_preferences(json);
  return read ? std::nullopt : std::optional(read.error());
}

}  // namespace spidergate::api
