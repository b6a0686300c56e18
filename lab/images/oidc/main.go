// An OpenID provider for tests: mockoidc, with GitLab's end points for the same people.
//
// It knows one client, with a secret and fixed callbacks. Who signs in next is told it by `POST /next`, a JSON object of
// claims; it asks nobody for a password. GitLab's end points hand out opaque tokens, as GitLab does.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"
)

const (
	certificate, key = "/tls/tls.crt", "/tls/tls.key"
	gitlabScope      = "profile email" // of the application, which a client need not name
)

// person is who signs in: the claims, under every name by which a client asks for them.
type person map[string]any

func (p person) ID() string { return p["sub"].(string) }

func (p person) Userinfo([]string) ([]byte, error) { return json.Marshal(p) }

func (p person) Claims(_ []string, base *mockoidc.IDTokenClaims) (jwt.Claims, error) {
	encoded, err := json.Marshal(base)
	if err != nil {
		return nil, err
	}
	claims := jwt.MapClaims{}
	for name, value := range p {
		claims[name] = value
	}
	return claims, json.Unmarshal(encoded, &claims)
}

// named is a listener that only tells mockoidc under which address people reach it.
type named string

func (n named) Network() string           { return "tcp" }
func (n named) String() string            { return string(n) }
func (n named) Addr() net.Addr            { return n }
func (n named) Close() error              { return nil }
func (n named) Accept() (net.Conn, error) { select {} }

type provider struct {
	*mockoidc.MockOIDC
	callbacks []string
	size      int // letters of an opaque token
	mutex     sync.Mutex
	opaque    map[string]string // opaque token → mockoidc's
}

// next takes who signs in next.
func (p *provider) next(answer http.ResponseWriter, request *http.Request) {
	who := person{}
	if err := json.NewDecoder(request.Body).Decode(&who); err != nil || who["sub"] == nil {
		http.Error(answer, "a JSON object with a sub is wanted", http.StatusBadRequest)
		return
	}
	p.QueueUser(who)
}

// authorize sends the browser to registered callbacks only.
func (p *provider) authorize(answer http.ResponseWriter, request *http.Request) {
	if !slices.Contains(p.callbacks, request.FormValue("redirect_uri")) {
		http.Error(answer, "redirect_uri is not registered", http.StatusBadRequest)
		return
	}
	p.Authorize(answer, request)
}

// token takes the client's secret from the form, where mockoidc looks, or from the header.
func (p *provider) token(answer http.ResponseWriter, request *http.Request) {
	if id, secret, there := request.BasicAuth(); there && request.ParseForm() == nil {
		request.Form.Set("client_id", unescaped(id))
		request.Form.Set("client_secret", unescaped(secret))
	}
	p.Token(answer, request)
}

func (p *provider) gitlabAuthorize(answer http.ResponseWriter, request *http.Request) {
	if request.FormValue("scope") == "" {
		request.Form.Set("scope", gitlabScope)
	}
	p.authorize(answer, request)
}

func (p *provider) gitlabToken(answer http.ResponseWriter, request *http.Request) {
	recorded := httptest.NewRecorder()
	p.token(recorded, request)
	given := map[string]any{}
	if err := json.Unmarshal(recorded.Body.Bytes(), &given); err != nil {
		http.Error(answer, err.Error(), http.StatusInternalServerError)
		return
	}
	if inner, there := given["access_token"].(string); there {
		token := make([]byte, p.size/2)
		_, _ = rand.Read(token)
		opaque := hex.EncodeToString(token)
		p.mutex.Lock()
		p.opaque[opaque] = inner
		p.mutex.Unlock()
		given = map[string]any{"access_token": opaque, "token_type": "bearer", "scope": gitlabScope}
	}
	answer.Header().Set("Content-Type", "application/json")
	answer.WriteHeader(recorded.Code)
	_ = json.NewEncoder(answer).Encode(given)
}

// claims are those of whom an opaque token was given to; nil where it was not given.
func (p *provider) claims(request *http.Request) person {
	token := request.FormValue("access_token")
	if header, there := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer "); there {
		token = header
	}
	p.mutex.Lock()
	inner := p.opaque[token]
	p.mutex.Unlock()
	asked := httptest.NewRequest(http.MethodGet, mockoidc.UserinfoEndpoint, nil)
	asked.Header.Set("Authorization", "Bearer "+inner)
	recorded := httptest.NewRecorder()
	p.Userinfo(recorded, asked)
	who := person{}
	if recorded.Code != http.StatusOK || json.NewDecoder(bytes.NewReader(recorded.Body.Bytes())).Decode(&who) != nil {
		return nil
	}
	return who
}

// gitlab answers with what of the claims an end point of GitLab tells.
func (p *provider) gitlab(told func(person) any) http.HandlerFunc {
	return func(answer http.ResponseWriter, request *http.Request) {
		answer.Header().Set("Content-Type", "application/json")
		if who := p.claims(request); who != nil {
			_ = json.NewEncoder(answer).Encode(told(who))
			return
		}
		http.Error(answer, `{"message":"401 Unauthorized"}`, http.StatusUnauthorized)
	}
}

func user(who person) any {
	return map[string]any{
		"id": who["sub"], "name": who["name"], "username": who["preferred_username"], "email": who["email"],
		"avatar_url": nil,
	}
}

func groups(who person) any {
	found := []map[string]any{}
	names, _ := who["groups"].([]any)
	for _, name := range names {
		found = append(found, map[string]any{"name": name})
	}
	return found
}

func unescaped(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return plain
}

func main() {
	mock, err := mockoidc.NewServer(nil)
	if err != nil {
		log.Fatal(err)
	}
	mock.ClientID, mock.ClientSecret = os.Getenv("CLIENT_ID"), os.Getenv("CLIENT_SECRET")
	size, err := strconv.Atoi(os.Getenv("TOKEN_LETTERS"))
	if err != nil {
		log.Fatal("TOKEN_LETTERS: ", err)
	}
	if err := mock.Start(named(os.Getenv("NAME")), &tls.Config{}); err != nil {
		log.Fatal(err)
	}
	served := &provider{
		MockOIDC: mock, callbacks: strings.Fields(os.Getenv("CALLBACKS")), size: size, opaque: map[string]string{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /next", served.next)
	mux.HandleFunc(mockoidc.AuthorizationEndpoint, served.authorize)
	mux.HandleFunc(mockoidc.TokenEndpoint, served.token)
	mux.HandleFunc(mockoidc.UserinfoEndpoint, served.Userinfo)
	mux.HandleFunc(mockoidc.JWKSEndpoint, served.JWKS)
	mux.HandleFunc(mockoidc.DiscoveryEndpoint, served.Discovery)
	mux.HandleFunc("/oauth/authorize", served.gitlabAuthorize)
	mux.HandleFunc("/oauth/token", served.gitlabToken)
	for _, version := range []string{"v3", "v4"} {
		mux.HandleFunc("/api/"+version+"/user", served.gitlab(user))
		mux.HandleFunc("/api/"+version+"/groups", served.gitlab(groups))
	}
	log.Print("serving ", mock.Issuer())
	log.Fatal(http.ListenAndServeTLS(":443", certificate, key, mux))
}
