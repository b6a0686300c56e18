# frozen_string_literal: true

# Portus 2.3 to 2.5 signs in by OAuth as whoever has the e-mail address that the provider tells, as MariaDB compares:
# without an address as somebody who has none, with portus@portus.com as Portus' hidden administrator, with an address that
# the provider never verified, and with one that only looks the same (`admin@exámple.com` is `admin@example.com`).
# Here the address has to be there, not be told as unverified, and be the user's letter by letter; the hidden user is nobody.
#
# Source: SUSE/Portus app/controllers/auth/omniauth_callbacks_controller.rb (check_user), app/models/user.rb
# (create_portus_user!) at 2.3.0 to v2.5.

module PortusStackOauthIdentity
  HIDDEN_USER = "portus"

  def self.missing
    controller = "Auth::OmniauthCallbacksController".safe_constantize
    controller && controller.private_method_defined?(:check_user) ? [] : ["Auth::OmniauthCallbacksController#check_user"]
  end

  # Why nobody is signed in or made by this; nil for no reason.
  def self.refusal(auth)
    email = auth["info"] && auth["info"]["email"]
    return "Your account has no email address." unless email.is_a?(String) && email.include?("@")
    return "Your email address is not verified." if unverified?(auth["extra"])

    user = User.find_by(email: email)
    return if user.nil? || (user.username != HIDDEN_USER && user.email.to_s.casecmp(email) == 0)

    "Your email address is somebody else's."
  end

  # Only OpenID Connect and Google tell it.
  def self.unverified?(extra)
    told = extra && extra["raw_info"]
    told.respond_to?(:key?) && told["email_verified"].to_s == "false"
  end

  private

  def check_user
    auth = request.env["omniauth.auth"]
    alert = auth && PortusStackOauthIdentity.refusal(auth)
    return super unless alert

    redirect_to new_user_session_url, alert: alert
  end
end

Rails.application.config.to_prepare do
  missing = PortusStackOauthIdentity.missing
  if missing.empty?
    Auth::OmniauthCallbacksController.send(:prepend, PortusStackOauthIdentity)
    $stderr.puts "portus-stack: patch oauth_identity is on"
  else
    $stderr.puts "portus-stack: patch oauth_identity does not fit this Portus: #{missing.join(", ")}"
  end
end
