package session

import "strings"

// The names that a browser's User-Agent gives away, those first that others claim too: every browser says "Mozilla" and most say
// "Chrome" and "Safari".
var (
	browsers = [][2]string{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox", "Firefox"}, {"FxiOS", "Firefox"}, {"CriOS", "Chrome"},
		{"Chrome", "Chrome"}, {"Chromium", "Chromium"}, {"Safari", "Safari"}, {"curl", "curl"}, {"Go-http-client", "A program"},
	}
	systems = [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"}, {"Windows", "Windows"}, {"Mac OS X", "Mac"}, {"Linux", "Linux"},
	}
)

// Device says in words on what somebody signs in ("Firefox on Windows"), for the list of their own sessions. It keeps no version and
// nothing else that would tell one device from another of its kind; what it does not know is an empty text.
func Device(userAgent string) string {
	browser, system := named(browsers, userAgent), named(systems, userAgent)
	if browser != "" && system != "" {
		return browser + " on " + system
	}
	return browser + system
}

func named(names [][2]string, in string) string {
	for _, n := range names {
		if strings.Contains(in, n[0]) {
			return n[1]
		}
	}
	return ""
}
