"""Random route configurations and requests, made of few words, so that they meet often."""

import random
from typing import Any

Json = dict[str, Any]
Ask = tuple[str, str, list[tuple[str, str]]]  # target, host, header fields

_DOMAINS = ("one.com", "*.one.com", "*-x.one.com", "two.*", "two.org", "*.org", "one.com:*", "ONE.net")
_HOSTS = ("one.com", "a.one.com", "b-x.one.com", "two.com", "two.org", "ONE.COM:80", "a.b.org", "zzz", "one.net:443")
_TEXTS = ("a", "b", "ab", "A", "1", "a,b", "", "xab")
_PATH_PATTERNS = ("/a.*", "/[ab/]+", "/.*b", ".*", "/(a|b)/.*", "(?i)/a.*", "/a{1,2}.*", "^/.*$", r"/\w+")
_VALUE_PATTERNS = ("a.*", "[ab]+", "a?b?", "(?i)A", ".", r"\d+", "a|b")
_REWRITE_PATTERNS = ("a", "(a)(b)?", "^/([^/]*)/(.*)$", "[ab]*", "b$")
_SUBSTITUTIONS = (r"\1", r"x\0y", r"/\2/\1", "", "z")
_FORMATS = ("", "%REQ(x-a)%", "%REQ(:PATH)%", "|%REQ(x-none)%|", "%%")
_ACTIONS = ("APPEND_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT", "OVERWRITE_IF_EXISTS", "OVERWRITE_IF_EXISTS_OR_ADD")


class RandomRoutes:
    """Everything follows from the seed. All routes go to cluster `a`; each has a name of its own."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _one(self, choices: tuple[Any, ...]) -> Any:
        return self._random.choice(choices)

    def config(self) -> Json:
        """A RouteConfiguration."""
        domains = self._random.sample(_DOMAINS, self._random.randrange(4))
        config: Json = {"name": "r", **self._level("t")}
        for flag in (
            "most_specific_header_mutations_wins",
            "ignore_port_in_host_matching",
            "ignore_path_parameters_in_path_matching",
        ):
            config[flag] = self._chance(0.3)
        config["virtual_hosts"] = [self._host(at, domain) for at, domain in enumerate(["*", *domains])]
        return config

    def request(self) -> Ask:
        """A request that such a configuration may know."""
        target = self._path() + self._one(("", "", "?q", "?q=a", "?q=b&q=a", "?x=/a", ";p=1?q=1"))
        names = ("x-a", "x-b", "user-agent", "referer", "x-forwarded-host")
        fields = [(name, self._one(_TEXTS)) for name in names for _ in range(self._one((0, 0, 1, 1, 2)))]
        if self._chance(0.3):
            fields.append(("cookie", self._one(("k=a", 'k="ab"; z=1', "z=1;k=b", "k"))))
        return target, self._one(_HOSTS), fields

    def _host(self, at: int, domain: str) -> Json:
        routes = [self._route(f"{at}.{number}") for number in range(self._random.randrange(1, 8))]
        requirement = "ALL" if self._chance(0.05) else "NONE"
        return {
            "name": f"v{at}",
            "domains": [domain],
            "routes": routes,
            "require_tls": requirement,
            **self._level(f"v{at}"),
        }

    def _route(self, name: str) -> Json:
        route: Json = {"name": name, "match": self._match(), **self._level(f"r{name}")}
        kind = self._random.random()
        if kind < 0.15:
            route["redirect"] = self._redirect()
        elif kind < 0.25:
            route["direct_response"] = {"status": self._one((200, 201, 301, 404)), "body": {"inline_string": "hey"}}
        else:
            route["route"] = self._action()
        return route

    def _match(self) -> Json:
        path = self._path()
        kind = self._random.random()
        if kind < 0.35:
            match: Json = {"prefix": path}
        elif kind < 0.55:
            match = {"path": path}
        elif kind < 0.75 and len(path.rstrip("/")) > 1:
            match = {"path_separated_prefix": path.rstrip("/")}
        else:
            match = {"safe_regex": {"regex": self._one(_PATH_PATTERNS)}}
        match["case_sensitive"] = not self._chance(0.15)
        if self._chance(0.4):
            match["headers"] = [self._header_matcher() for _ in range(self._random.randrange(1, 3))]
        if self._chance(0.15):
            test = self._one(({}, {"present_match": False}, {"string_match": self._string_matcher()}))
            match["query_parameters"] = [{"name": "q", **test}]
        if self._chance(0.1):
            match["cookies"] = [
                {"name": "k", "string_match": self._string_matcher(), "invert_match": self._chance(0.3)}
            ]
        return match

    def _header_matcher(self) -> Json:
        matcher: Json = {
            "name": self._one(("x-a", "x-a", "x-a", "x-b", "user-agent", "Host", "cookie")),
            "invert_match": self._chance(0.3),
            "treat_missing_header_as_empty": self._chance(0.2),
        }
        kind = self._random.random()
        if kind < 0.5:
            matcher["string_match"] = self._string_matcher()
        elif kind < 0.6:
            matcher["present_match"] = self._chance(0.5)
        elif kind < 0.7:
            matcher["range_match"] = {"start": self._one((-5, 0, 1)), "end": self._one((1, 2, 10))}
        elif kind < 0.8:
            matcher[self._one(("exact_match", "prefix_match", "suffix_match", "contains_match"))] = self._word()
        return matcher

    def _string_matcher(self) -> Json:
        kind = self._one(("exact", "prefix", "suffix", "contains", "safe_regex"))
        if kind == "safe_regex":
            return {"safe_regex": {"regex": self._one(_VALUE_PATTERNS)}}
        return {kind: self._word(), "ignore_case": self._chance(0.3)}

    def _redirect(self) -> Json:
        redirect: Json = {"strip_query": self._chance(0.3), "https_redirect": self._chance(0.3)}
        redirect["host_redirect"] = self._one(("", "new.x", "new.x:81"))
        redirect["port_redirect"] = self._one((0, 0, 80, 443, 8080))
        redirect["response_code"] = self._one(("MOVED_PERMANENTLY", "FOUND", "SEE_OTHER", "TEMPORARY_REDIRECT"))
        kind = self._random.random()
        if kind < 0.2:
            redirect["path_redirect"] = self._one(("/np", "/np?z=1", "np"))
        elif kind < 0.5:
            redirect["prefix_rewrite"] = self._one(("/pp", "/pp/", "/"))
        elif kind < 0.7:
            redirect["regex_rewrite"] = self._regex_rewrite()
        elif kind < 0.8:
            redirect["path_rewrite"] = self._one(("/f/%REQ(x-a)%", "%REQ(x-none)%", "/f?%REQ(x-a)%"))
        return redirect

    def _action(self) -> Json:
        action: Json = {"append_x_forwarded_host": self._chance(0.2)}
        if self._chance(0.2):
            entry = {"name": "a", "weight": 1, **self._level("w")}
            entry["host_rewrite_literal"] = self._one(("", "wh"))
            action["weighted_clusters"] = {"clusters": [entry]}
        else:
            action["cluster"] = "a"
        path_kind, host_kind = self._random.random(), self._random.random()
        if path_kind < 0.3:
            action["prefix_rewrite"] = self._one(("/pp", "/pp/", "/"))
        elif path_kind < 0.5:
            action["regex_rewrite"] = self._regex_rewrite()
        elif path_kind < 0.6:
            action["path_rewrite"] = self._one(("/f/%REQ(x-a)%", "%REQ(x-none)%", "/f"))
        if host_kind < 0.1:
            action["host_rewrite_literal"] = "lit"
        elif host_kind < 0.2:
            action["host_rewrite_header"] = "x-a"
        elif host_kind < 0.3:
            action["host_rewrite_path_regex"] = {"pattern": {"regex": "^/(.*)$"}, "substitution": r"h\1"}
        elif host_kind < 0.4:
            action["host_rewrite"] = "z%REQ(x-a)%"
        return action

    def _regex_rewrite(self) -> Json:
        return {"pattern": {"regex": self._one(_REWRITE_PATTERNS)}, "substitution": self._one(_SUBSTITUTIONS)}

    def _level(self, mark: str) -> Json:
        level: Json = {}
        for side, removable in (("request", ("x-a", "x-b", "user-agent")), ("response", ("x-up", "x-a"))):
            if self._chance(0.4):
                level[f"{side}_headers_to_add"] = [self._addition(mark) for _ in range(self._random.randrange(1, 4))]
            if self._chance(0.15):
                level[f"{side}_headers_to_remove"] = [self._one(removable)]
        return level

    def _addition(self, mark: str) -> Json:
        name = self._one(("x-a", "x-n", "x-n2", "user-agent", "referer", "vary"))
        return {
            "header": {"key": name, "value": mark + self._one(_FORMATS)},
            "append_action": self._one(_ACTIONS),
            "keep_empty_value": self._chance(0.2),
        }

    def _path(self) -> str:
        segments = ["".join(self._random.choices("abAB.1", k=self._random.randrange(1, 3))) for _ in range(3)]
        return "/" + "/".join(segments[: self._random.randrange(4)]) + self._one(("", "", "/"))

    def _word(self) -> str:
        return self._one(_TEXTS) or "a"
