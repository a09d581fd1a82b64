"""
How little 303 patients can tell
================================

A hospital has a model of heart disease, and 303 patients on whom to judge it. Which of its figures are known well
enough to act on, and which are not? And what becomes of them in a hospital where the disease is rarer?
"""

# %%
# Heart disease, Cleveland (UCI 45; Janosi, Steinbrunn, Pfisterer and Detrano, 1988; CC BY 4.0). The publisher tells 0
# for none and 1 to 4 for how much; here any is disease. Six patients lack a value. They stay, since a model in use
# meets such patients too: the pipeline fills in what is most frequent among the rows that it was fitted on. So few
# patients cannot be split into parts; each is scored by a model that was fitted on nine tenths of the others.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import conjac as cj

data = cj.datasets.load("heart_disease")
X, y = data.X, np.where(data.y > 0, "disease", "none")


def held_out(X, seed):
    """Return each patient's score by a model that did not see that patient."""
    codes = [name for name in ("cp", "restecg", "slope", "thal") if name in X]
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), codes), remainder=StandardScaler())
    fill = SimpleImputer(strategy="most_frequent").set_output(transform="pandas")
    folds = StratifiedKFold(10, shuffle=True, random_state=seed)
    model = make_pipeline(fill, encode, LogisticRegression(C=0.1))
    return cross_val_predict(model, X, y, cv=folds, method="predict_proba")[:, 0]  # sorted: disease, none


print(f"{len(y)} patients, {np.sum(y == 'disease')} with disease; {X.isna().any(axis=1).sum()} lack a value")
score = held_out(X, 0)

# %%
# The matrix at a threshold of .5 and its slopes, with their intervals.
told = {"pos_label": "disease", "threshold": 0.5}
J = cj.confusion_jacobian(y, score, **told)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
cj.ConfusionMatrixDisplay.of(J).plot(axes[0])
display = cj.ConfusionJacobianDisplay.of(J).plot(axes[1])

# %%
# Two kinds of uncertainty, of which the larger is often left out. Other folds give other scores, and recall moves
# with them. Other patients would give other counts: that is what intervals tell, and no repeating of the folds adds
# patients.
recall = J.of("recall")
of_folds = [cj.confusion_jacobian(y, held_out(X, seed), **told).of("recall").value for seed in range(5)]
low, high = recall.value_confint()
print(f"recall {recall.value:.3f}; over five divisions into folds {min(of_folds):.3f} to {max(of_folds):.3f}")
print(f"95 % interval, over draws of patients {low:.3f} to {high:.3f}")
needed = len(y) * ((high - low) / 2 / 0.02) ** 2
print(f"to know it within .02 either way takes about {needed:.0f} patients")
low, high = cj.solve(y, score, {"recall": 0.9}, pos_label="disease").confint()
print(f"the threshold that finds nine in ten lies between {low:.2f} and {high:.2f}")

# %%
# A slope rests on the patients near the threshold, and on fewer than all. Few of the women are ill, and at a high
# threshold, which asks for near certainty, hardly any of the healthy ones is near. There conjac warns that an
# interval is rough, and below five effective rows it gives none. The counts are still exact; what they would do next
# is not known.
women = (X["sex"] == 0).to_numpy()
print(f"{women.sum()} women, {np.sum(y[women] == 'disease')} with disease")
for threshold in (0.5, 0.8, 0.9):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        one = cj.confusion_jacobian(y[women], score[women], pos_label="disease", threshold=threshold)
    low, high = one.of("specificity").confint()
    rows = {label: round(n) for label, n in one.diagnostics["effective_rows"].items()}
    print(f"at {threshold}: specificity moves by {low / 100:.4f} to {high / 100:.4f} per .01; effective rows {rows}")
    for warning in caught:
        print(f"  {warning.message}")

# %%
# Two inputs are dear: vessels counted by fluoroscopy, and a thallium scan. A model without them errs a little more on
# these patients. Is that more than noise? Both models are judged on the same patients, so what they agree on cancels,
# and the interval is that of the difference. An interval that holds zero does not show that the tests are useless: it
# holds gains worth having too, and says that 303 patients do not decide it.
plain = cj.confusion_jacobian(y, held_out(X.drop(columns=["ca", "thal"]), 0), **told)
found = cj.compare(plain, J, metrics=["recall", "specificity", "precision", "accuracy"])
print(found)
display = cj.ComparisonDisplay.of(found).plot()

# %%
# Nearly half of these patients are ill, since they were sent to have their vessels looked at. Elsewhere fewer are.
# The Jacobian by the class mix tells which figures travel: recall and specificity stay, if the ill and the healthy
# are of the same kind there; the predictive values do not.
mix = cj.confusion_jacobian(y, score, wrt=cj.Mix("class"), **told)
for name in ("recall", "specificity", "precision", "npv"):
    rate = mix.of(name)
    fewer = round(-rate.gradient[1] / 100, 4) + 0.0
    print(f"{name:11} {rate.value:.3f}, and {fewer:+.4f} where one patient in a hundred fewer is ill")

# %%
# A slope serves for a hospital not far from here. For one in which a fifth or a tenth of the patients is ill, rows
# are weighted to that share and counted again.
share, ill = np.linspace(0.05, 0.6, 23), y == "disease"
figure, axes = plt.subplots(layout="constrained")
for name, label, colour in (("precision", "ill, if predicted ill", "C0"), ("npv", "healthy, if so predicted", "C1")):
    rates = []
    for there in share:
        weight = np.where(ill, there / ill.mean(), (1 - there) / (1 - ill.mean()))
        rate = cj.confusion_jacobian(y, score, sample_weight=weight, **told).of(name)
        rates.append((rate.value, *rate.value_confint()))
    value, low, high = np.array(rates, dtype=float).T
    straight = mix.of(name).value + mix.of(name).gradient[1] * (share - ill.mean())
    axes.fill_between(share, low, high, alpha=0.2, linewidth=0, color=colour)
    axes.plot(share, value, color=colour, label=label)
    axes.plot(share, straight, ":", color=colour, label="   by its slope here")
axes.axvline(ill.mean(), color="0.4", linewidth=0.8, label="these patients")
axes.set(ylim=(0.3, 1.02), xlabel="share of patients who are ill", ylabel="share", title="Predictive values elsewhere")
legend = axes.legend(loc=(0.2, 0.02), fontsize="small")

# %%
# What to do there: if the scores are calibrated here, they carry over by an offset. In a hospital where a fifth of
# the patients is ill, a probability of one half is reached at this score. Before it is used, some hundreds of that
# hospital's own patients should be counted.
offset = cj.bayes_offsets([0.8, 0.2], [1 - ill.mean(), ill.mean()])[1]
print(f"offset {offset:.2f} in log-odds; threshold {1 / (1 + np.exp(offset)):.2f}")
