#pragma once
#include "../chat/chat_request.hpp"
#include "body_text.hpp"
#include "model_traits.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::providers::gemini {

/// Writes a conversation as `"contents":[…]` and, where there is one, `,"systemInstruction":{…}`.
///  - System messages before the first other one become the system instruction; a later one stays in its place, as the
///    user's.
///  - Neighbours of one role become one turn. Results of functions are a turn of their own, right behind the calls;
///    images among them follow as the user's.
///  - A call goes back with the thought signature that came with it: from reasoning_details, or from the call's
///    extra_content.google.thought_signature.
class contents_writer {
 public:
  struct settings {
    bool call_ids = true;            ///< whether the API knows ids of calls
    bool video_links_typed = false;  ///< whether a link to YouTube wants a MIME type
    std::string files_url;           ///< where "files/…" are; empty: no such files
  };
  contents_writer(const encode_input& in, const chat::chat_request& asked, const model_traits& traits, settings how,
                  body_text& out)
      : in_(in), asked_(asked), traits_(traits), how_(std::move(how)), out_(out) {}

  [[nodiscard]] boost::system::result<void, refusal> run();

 private:
  enum class turn : std::uint8_t { none, user, model, results };
  struct deferred {
    const chat::message* from;
    std::size_t part;
  };

  void begin_part(turn whose);
  void close_turn();
  [[nodiscard]] bool message(const chat::message& m);
  [[nodiscard]] bool user(const chat::message& m);
  [[nodiscard]] bool assistant(const chat::message& m);
  [[nodiscard]] bool result(const chat::message& m);
  void call(const chat::tool_call& c, std::string_view signature);
  void response_object(const chat::message& m);
  void text(turn whose, json::value of, std::string_view signature = {});
  [[nodiscard]] bool media(turn whose, const chat::message& m, std::size_t index);
  [[nodiscard]] bool file(const chat::message& m, std::size_t index);
  [[nodiscard]] bool flush_deferred();
  bool fail(std::string param, std::string_view what);

  const encode_input& in_;
  const chat::chat_request& asked_;
  const model_traits& traits_;
  const settings how_;
  body_text& out_;
  turn current_ = turn::none;
  bool any_turn_ = false;
  std::vector<deferred> deferred_;
  refusal failure_;
};

}  // namespace spidergate::providers::gemini
