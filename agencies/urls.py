from django.urls import path

from agencies import views


def early(view):
    """Open to somebody who must change the password first."""
    view.first_password_allowed = True
    return view


app_name = "accounts"
urlpatterns = [
    path("", views.account, name="account"),
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", early(views.Logout.as_view()), name="logout"),
    path("password/", early(views.PasswordChange.as_view()), name="password_change"),
    path("password/reset/", views.password_reset, name="password_reset"),
    path("password/reset/sent/", views.password_reset_sent, name="password_reset_sent"),
    path("password/set/<uidb64>/<token>/", views.SetPassword.as_view(), name="set_password"),
]
