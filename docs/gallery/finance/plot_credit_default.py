"""
Credit default: the cheapest threshold, and the rows behind the misses
======================================================================

A bank calls clients who look likely to default. Suppose that a default nobody called about costs as much as five calls
to clients who would have paid. Which threshold is the cheapest, how well is it known, and which training rows make the
model miss defaults?
"""

# %%
# 30,000 clients of a bank in Taiwan in 2005, of whom 22 % defaulted the month after (UCI 350; Yeh and Lien, 2009; CC
# BY 4.0). Sex and marriage are left out, as lenders in many countries have to. The model learns from 3,000 rows, the
# threshold from 13,000 others, and both are judged on the remaining 14,000. What the columns ``PAY_`` hold are codes
# of how late a payment was, hence one column for each code.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import conjac as cj

data = cj.datasets.load("credit_default")
X = data.X.drop(columns=["SEX", "MARRIAGE"])
codes = ["EDUCATION", *(name for name in X if name.startswith("PAY_") and "AMT" not in name)]
X_train, X_rest, y_train, y_rest = train_test_split(X, data.y, train_size=3000, stratify=data.y, random_state=0)
X_tune, X_test, y_tune, y_test = train_test_split(X_rest, y_rest, train_size=13000, stratify=y_rest, random_state=0)
encode = OneHotEncoder(min_frequency=30, handle_unknown="infrequent_if_exist")
model = make_pipeline(make_column_transformer((encode, codes), remainder=StandardScaler()), LogisticRegression(C=0.1))
model = model.fit(X_train, y_train)

# %%
# The mean cost of a client along the threshold; a call for nothing costs 1. Were the probabilities right, the cheapest
# threshold would be 1/6: there, five times the risk of a default equals the chance of a call for nothing.
cost = cj.metrics.expected_cost([[0, 1], [5, 0]])
curve = cj.ConfusionCurve.from_predictions(y_tune, model.predict_proba(X_tune)[:, 1])
cheapest = curve.maximize(cost)
display = cj.MetricCurveDisplay.of(curve, cost, thresholds=np.linspace(0.05, 0.6, 111), point=cheapest.threshold).plot()

# %%
# How well is the threshold known? Near its minimum the curve is flat, so the place of the minimum is hard to see. A
# threshold that meets a target, here the recall of the cheapest one, is a quantile, and is known much better from the
# same rows.
target = curve.solve(recall=float(curve.metric_at("recall", cheapest.threshold).value))
for name, decision in (("cheapest", cheapest), ("recall target", target)):
    low, high = decision.confint()
    print(f"{name:14} {decision.threshold:.3f}, interval {low:.3f} to {high:.3f}: {high - low:.3f} wide")
flat = cheapest.flatness
low, high = cheapest.threshold - flat["lower"], cheapest.threshold + flat["upper"]
print(f"from {low:.3f} to {high:.3f} the cost is within {flat['tolerance'] / cheapest.value:.0%} of the least")

# %%
# The same flatness says that nothing hangs on the third digit. Any threshold on the flat part will do, and 1/6 owes
# nothing to these rows. On the test rows it is compared with calling at one half, and with the tuned threshold.
score = model.predict_proba(X_test)[:, 1]
sixth = cj.confusion_jacobian(y_test, score, threshold=1 / 6)
for name, threshold in (("one half", 0.5), ("the tuned", cheapest.threshold)):
    found = cj.compare(sixth, cj.confusion_jacobian(y_test, score, threshold=threshold), metrics=[cost])
    low, high = found.confint()
    print(f"1/6 costs {found.value_a[0]:.3f} a client, {name} {found.value_b[0]:.3f};", end=" ")
    print(f"difference {found.difference[0]:+.4f}, interval {low[0]:+.4f} to {high[0]:+.4f}")

# %%
# The matrix at 1/6 and, beside it, what the next percentage point of the threshold does. What counts is the exchange
# rate, the false alarms that are spared for each default newly missed: at the cheapest threshold it is five.
spared = sixth.exchange_rate("tn", "fn")
low, high = spared.confint()
print(f"{spared.gradient:.1f} false alarms spared for each default missed, interval {low:.1f} to {high:.1f}")
figure, axes = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
cj.ConfusionMatrixDisplay.of(sixth).plot(axes[0])
display = cj.ConfusionJacobianDisplay.of(sixth).plot(axes[1])

# %%
# Training rows move these figures too: each has pulled the coefficients its way. What leaving one out would do to the
# missed defaults follows from one linear system, without fitting again. It is told of the tuning rows, so that the
# test rows stay fresh. The rows that matter the most are defaults that teach the model: without one of them, some five
# more defaults of the 13,000 tuning rows would be missed.
J = cj.ConfusionJacobian.from_estimator(
    model, X_tune, y_tune, threshold=1 / 6, wrt="training_weights", training_data=(X_train, y_train)
)
missed, alarms = J.influential_rows("fn"), J.influential_rows("fp")
display = cj.InfluenceDisplay.of(missed, by="removed", n=14).plot()

# %%
# The rows that *cause* misses are the others, without which fewer defaults are missed. Most of them are clients who
# paid although their record was bad. Leaving one out spares about two misses and raises several times as many false
# alarms, as a lower threshold would: the row is not at fault. At the top is a default with a large payment and hardly
# any risk. Such a row bends the model where few others are, and its error is as large as its effect: it is a suspect
# to be looked up (is the amount right, is the label?), and not a culprit.
worst = missed.top(8, by="removed", rising=False)
X_train.iloc[worst, :0].set_axis(worst).assign(
    defaulted=y_train[worst],
    risk=model.predict_proba(X_train.iloc[worst])[:, 1].round(2),
    paid_last_month=X_train["PAY_AMT1"].to_numpy()[worst],
    missed_without_it=missed.removed.value[worst].round(1),
    standard_error=missed.removed.stderr[worst].round(1),
    alarms_without_it=alarms.removed.value[worst].round(1),
)

# %%
# The check: leave the ten strongest out, fit again, and count the test rows, which had no part in the choice.
out = missed.top(10, by="removed", rising=False)
again = clone(model).fit(X_train.drop(index=X_train.index[out]), np.delete(y_train, out))
recounted = cj.confusion_jacobian(y_test, again.predict_proba(X_test)[:, 1], threshold=1 / 6).matrix - sixth.matrix
for name, rows, cell in (("missed defaults", missed, (1, 0)), ("false alarms", alarms, (0, 1))):
    foretold = rows.removed.value[out].sum() * len(y_test) / len(y_tune)
    print(f"{name}: {foretold:+.0f} foretold, {recounted[cell]:+d} counted, of {sixth.matrix[cell]}")

# %%
# What to do: call from a risk of 1/6 on, and do not tune further, since the cost is flat there. Look up the suspects.
# Do not drop the others to miss fewer defaults; the threshold does that, and says at what price.
