#include "rerank.hpp"

#include "answers.hpp"
#include "openai_dialect.hpp"
#include "usage.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace spidergate::providers::openai {

namespace {

struct ranked {
  std::int64_t index = 0;
  json::value score;     ///< a number
  json::value document;  ///< a string or an object, or absent
};

json::value first_of(json::value object, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (const auto v = object.find(name); v.given()) return v;
  }
  return {};
}

double number_of(json::value v) {
  double number = 0;
  const auto raw = v.raw();
  std::from_chars(raw.data(), raw.data() + raw.size(), number);
  return number;
}

/// Nothing where an entry has no place or no score.
std::optional<std::vector<ranked>> entries_of(json::value list) {
  std::vector<ranked> entries;
  for (const auto element : list.elements()) {
    ranked r;
    const auto index = element.find("index").whole_number();
    r.score = first_of(element, {"relevance_score", "score", "logit"});
    r.document = first_of(element, {"document", "text"});
    if (!index || *index < 0 || !r.score.is(json::kind::number)) return std::nullopt;
    r.index = *index;
    entries.push_back(r);
  }
  return entries;
}

/// DeepInfra's {"scores":[0.1,0.9]}: in the documents' order.
std::vector<ranked> entries_of_scores(json::value scores) {
  std::vector<ranked> entries;
  for (const auto score : scores.elements()) {
    if (score.is(json::kind::number)) entries.push_back({static_cast<std::int64_t>(entries.size()), score, {}});
  }
  return entries;
}

std::optional<model::usage> usage_of(json::value root) {
  const auto meta = root.find("meta");
  auto tokens = read_usage(root.find("usage"), false).tokens;
  if (!tokens) tokens = read_usage(meta.find("tokens"), false).tokens;
  auto searches = meta.find("billed_units").find("search_units").whole_number();
  if (!searches) searches = root.find("usage").find("search_units").whole_number();
  if (searches && *searches > 0 && *searches < 1'000'000) {
    if (!tokens) tokens.emplace();
    tokens->searches = *searches;
  }
  return tokens;
}

std::optional<std::int64_t> asked_number(const model::inference_request& asked, std::string_view name) {
  const auto* m = asked.find(name);
  if (m == nullptr) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(m->value.data(), m->value.data() + m->value.size(), number);
  const bool whole = failure == std::errc{} && end == m->value.data() + m->value.size();
  return whole ? std::optional(number) : std::nullopt;
}

bool asks_for_documents(const model::inference_request& asked) {
  const auto* m = asked.find("return_documents");
  return m != nullptr && m->value == "true";
}

/// The client's documents as raw JSON, views of its body; read with a reader of their own, as the answer is being read
/// with this thread's.
std::vector<std::string_view> documents_of(const model::inference_request& asked) {
  std::vector<std::string_view> documents;
  const auto* m = asked.find("documents");
  json::reader reader;
  if (m == nullptr || !reader.read(m->value)) return documents;
  for (const auto d : reader.root().elements()) documents.push_back(d.raw());
  return documents;
}

void append_document(std::string& out, std::string_view raw) {
  if (raw.empty()) return;
  out.append(R"(,"document":)");
  if (raw.front() == '{')
    out.append(raw);
  else
    out.append(R"({"text":)").append(raw).append("}");
}

class rerank_answer {
 public:
  rerank_answer(const answer_input& in, json::value root) : in_(in), root_(root) {}

  std::string write(std::vector<ranked> entries) {
    const auto limit = asked_number(in_.asked, "top_n");
    std::sort(entries.begin(), entries.end(), [](const ranked& a, const ranked& b) {
      const double x = number_of(a.score), y = number_of(b.score);
      return x != y ? x > y : a.index < b.index;
    });
    if (limit && *limit > 0 && entries.size() > static_cast<std::size_t>(*limit))
      entries.resize(static_cast<std::size_t>(*limit));
    std::string out = "{";
    member(out, "id");
    out.append(R"("object":"list","model":)");
    if (const auto model = root_.find("model"); model.is(json::kind::string))
      out.append(model.raw());
    else
      append_json_string(out, in_.model);
    out.append(R"(,"results":[)");
    const auto documents = asks_for_documents(in_.asked) ? documents_of(in_.asked) : std::vector<std::string_view>();
    for (const auto& r : entries) {
      if (out.back() == '}') out.push_back(',');
      out.append(R"({"index":)").append(std::to_string(r.index)).append(R"(,"relevance_score":)").append(r.score.raw());
      const auto at = static_cast<std::size_t>(r.index);
      append_document(out, r.document.exists()     ? r.document.raw()
                           : at < documents.size() ? documents[at]
                                                   : std::string_view());
      out.push_back('}');
    }
    out.push_back(']');
    for (const std::string_view name : {"usage", "meta"}) {
      if (const auto v = root_.find(name); v.given()) out.append(",\"").append(name).append("\":").append(v.raw());
    }
    return out.append("}");
  }

 private:
  void member(std::string& out, std::string_view name) {
    out.append("\"").append(name).append("\":");
    if (const auto v = root_.find(name); v.is(json::kind::string)) {
      out.append(v.raw());
    } else {
      append_json_string(out, "rerank-" + std::string(in_.request_id));
    }
    out.push_back(',');
  }

  const answer_input& in_;
  json::value root_;
};

/// Whether every entry has what clients count on, so that only members may be missing around the list.
bool in_our_form(const answer_input& in, json::value results, const std::vector<ranked>& entries) {
  for (const auto element : results.elements()) {
    const auto document = element.find("document");
    if (!element.find("relevance_score").exists()) return false;
    if (document.exists() ? !document.is(json::kind::object) : asks_for_documents(in.asked)) return false;
  }
  const auto limit = asked_number(in.asked, "top_n");
  return !limit || *limit <= 0 || entries.size() <= static_cast<std::size_t>(*limit);
}

/// The members around the list that are not there; each with a trailing comma.
std::string missing_members(const answer_input& in, json::value root) {
  std::string added;
  if (!root.find("id").is(json::kind::string)) {
    added.append(R"("id":)");
    append_json_string(added, "rerank-" + std::string(in.request_id));
    added.push_back(',');
  }
  if (!root.find("object").exists()) added.append(R"("object":"list",)");
  if (!root.find("model").is(json::kind::string)) {
    added.append(R"("model":)");
    append_json_string(added, in.model);
    added.push_back(',');
  }
  return added;
}

client_answer written(std::string text) {
  client_answer out;
  out.owned.push_back(std::make_unique<std::string>(std::move(text)));
  out.body.push_back(*out.owned.back());
  return out;
}

}  // namespace

void plain_documents(std::string_view documents, json::splice& edits) {
  auto& reader = thread_reader();
  if (documents.find('{') == std::string_view::npos || !reader.read(documents)) return;
  for (const auto document : reader.root().elements()) {
    std::size_t members = 0;
    for ([[maybe_unused]] const auto& m : document.members()) ++members;
    const auto text = document.find("text");
    if (members == 1 && text.is(json::kind::string)) edits.replace(document.raw(), std::string(text.raw()));
  }
}

boost::system::result<client_answer, provider_error> read_rerank(const answer_input& in, std::string_view content_type,
                                                                 std::string_view body) {
  body = json::without_bom(body);
  auto& reader = thread_reader();
  if (reader.read(body, json::surrogates::any) && reader.root().is(json::kind::array)) {
    auto entries = entries_of(reader.root());
    if (!entries) return not_an_answer("The provider's list holds something that is no ranked document.");
    return written(rerank_answer(in, {}).write(std::move(*entries)));
  }
  const auto read = read_object(content_type, body);
  if (!read) return read.error();
  const auto root = *read;
  const auto results = first_of(root, {"results", "data", "rankings"});
  const auto scores = root.find("scores");
  if (!results.is(json::kind::array) && !scores.is(json::kind::array)) {
    if (looks_like_error(root)) return in_band(root);
    return not_an_answer("The provider's answer holds no 'results'.");
  }
  auto entries = results.exists() ? entries_of(results) : entries_of_scores(scores);
  if (!entries) return not_an_answer("The provider's answer holds something that is no ranked document.");
  const bool ours = root.find("results").exists() && in_our_form(in, results, *entries);
  client_answer out;
  if (ours) {
    json::splice edits(body);
    if (auto added = missing_members(in, root); !added.empty()) edits.insert(root.raw().data() + 1, std::move(added));
    edits.move_to(out.body, out.owned);
  } else {
    out = written(rerank_answer(in, root).write(std::move(*entries)));
  }
  out.facts.usage = usage_of(root);
  return out;
}

}  // namespace spidergate::providers::openai
