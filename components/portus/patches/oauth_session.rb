# frozen_string_literal: true

# Whoever signs in by OAuth for the first time is asked for a user name; until then Portus keeps all that the provider told
# in the session, its tokens too. The session is a cookie of 4 KiB, encrypted: with tokens of some 2000 letters together,
# as an OpenID provider's are, the answer is error 500 (ActionDispatch::Cookies::CookieOverflow). Here only what the
# registration page reads is kept.
#
# Source: SUSE/Portus app/controllers/auth/omniauth_callbacks_controller.rb (check_user), omniauth_registrations_controller.rb,
# app/models/user.rb (create_from_oauth, suggest_username) at 2.3.0 to v2.5.

module PortusStackOauthSession
  KEY = "omniauth.auth"
  ACCOUNT = %w[provider uid].freeze
  INFO = %w[email name nickname username].freeze

  def self.missing
    callbacks = "Auth::OmniauthCallbacksController".safe_constantize
    registrations = "Auth::OmniauthRegistrationsController".safe_constantize
    absent = []
    absent << "Auth::OmniauthCallbacksController#check_user" unless callbacks && callbacks.private_method_defined?(:check_user)
    absent << "Auth::OmniauthRegistrationsController" unless registrations
    absent << "User.create_from_oauth" unless User.respond_to?(:create_from_oauth)
    absent
  end

  # What is read of it.
  def self.needed(auth)
    pick(auth, ACCOUNT).merge("info" => pick(auth["info"] || {}, INFO))
  end

  def self.pick(from, names)
    names.each_with_object({}) { |name, kept| kept[name] = from[name] unless from[name].nil? }
  end

  private

  def check_user
    super
    kept = session[PortusStackOauthSession::KEY]
    session[PortusStackOauthSession::KEY] = PortusStackOauthSession.needed(kept) if kept
  end
end

Rails.application.config.to_prepare do
  missing = PortusStackOauthSession.missing
  if missing.empty?
    Auth::OmniauthCallbacksController.send(:prepend, PortusStackOauthSession)
    $stderr.puts "portus-stack: patch oauth_session is on"
  else
    $stderr.puts "portus-stack: patch oauth_session does not fit this Portus: #{missing.join(", ")}"
  end
end
